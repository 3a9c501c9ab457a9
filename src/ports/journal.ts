import type { Instant } from './clock.ts'
import type { Lane } from './schedule.ts'

/** One outbound intent with all its attempts. Never a secret, never a body. */
export interface CallRecord {
  readonly id: string
  readonly environmentId: string
  readonly connectionId: string | null
  readonly integrationId: string | null
  readonly runId: string | null
  readonly provider: string
  readonly lane: Lane
  readonly method: string
  /** Host and path, no query values. */
  readonly address: string
  readonly attempts: number
  /** Of the last answer; null when there was none. */
  readonly status: number | null
  readonly fault: string | null
  /** What it took of each quota. */
  readonly cost: Readonly<Record<string, number>>
  readonly startedAt: Instant
  readonly durationMs: number
  /** Of that, waiting for quota. */
  readonly waitedMs: number
  readonly requestBytes: number
  readonly responseBytes: number
  /** The provider's own id of the request. */
  readonly requestId: string | null
}

/** One execution of a stream for one or many connections. */
export interface RunRecord {
  readonly id: string
  readonly environmentId: string
  readonly provider: string
  readonly integrationId: string
  readonly stream: string
  readonly connectionIds: readonly string[]
  readonly trigger: 'initial' | 'schedule' | 'manual' | 'webhook' | 'backfill'
  readonly lane: Lane
  readonly state: 'running' | 'succeeded' | 'partial' | 'failed' | 'waiting' | 'abandoned'
  readonly startedAt: Instant
  readonly endedAt: Instant | null
  readonly pages: number
  readonly calls: number
  readonly inserted: number
  readonly restated: number
  readonly unchanged: number
  readonly items: number
  readonly refused: number
  readonly fault: string | null
  /** A plain sentence: what happened, who acts, when it goes on. */
  readonly says: string | null
}

export interface EventRecord {
  readonly sequence: number
  readonly id: string
  readonly environmentId: string
  readonly type: string
  readonly connectionId: string | null
  readonly profileId: string | null
  readonly data: Readonly<Record<string, unknown>>
  readonly at: Instant
}

export interface TaskRecord {
  readonly id: string
  readonly environmentId: string
  readonly kind: string
  readonly connectionId: string | null
  readonly subject: string | null
  readonly title: string
  readonly description: string
  readonly category: string
  readonly priority: string
  readonly impact: number
  readonly dueAt: Instant | null
  readonly openedAt: Instant
  /** Until then nobody is asked. */
  readonly snoozedUntil: Instant | null
  /** Somebody decided not to do it. It stays open, so that it is not asked for again. */
  readonly dismissedAt: Instant | null
  readonly closedAt: Instant | null
}

/** `open`: somebody is asked to do it now. Told apart by the moment that is asked about. */
export const taskStates = ['open', 'snoozed', 'dismissed', 'done'] as const
export type TaskState = (typeof taskStates)[number]

export function taskState(
  { closedAt, dismissedAt, snoozedUntil }: Pick<TaskRecord, 'closedAt' | 'dismissedAt' | 'snoozedUntil'>,
  now: Instant,
): TaskState {
  if (closedAt !== null) return 'done'
  if (dismissedAt !== null) return 'dismissed'
  return snoozedUntil !== null && snoozedUntil > now ? 'snoozed' : 'open'
}

export interface TaskQuery extends Newest {
  readonly state?: { readonly is: TaskState; readonly now: Instant }
  readonly connectionId?: string
  readonly subject?: string
  readonly kind?: string
  readonly category?: string
  readonly priority?: string
}

export interface AuditRecord {
  readonly id: string
  readonly environmentId: string
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly detail: Readonly<Record<string, unknown>>
  readonly at: Instant
}

/** Something that was wrong with an app or its platform, from when to when. Written by the directory, with the integration. */
export interface IncidentRecord {
  readonly id: string
  readonly environmentId: string
  readonly integrationId: string
  readonly provider: string
  readonly code: string
  readonly says: string
  readonly openedAt: Instant
  readonly closedAt: Instant | null
}

interface Newest {
  readonly limit: number
  /** Only what came before this one: id, or sequence for events. */
  readonly before?: string
}

/** What happened: calls, runs, events, tasks, audit. All newest first. Events, tasks and audit are written along with the changes they tell of. */
export interface Journal {
  /** Appends many at once; calls are buffered for at most a second by whoever makes them. */
  calls(environmentId: string, calls: readonly CallRecord[]): Promise<void>
  readCalls(
    environmentId: string,
    query: Newest & { connectionId?: string; runId?: string; failed?: boolean },
  ): Promise<CallRecord[]>
  /** Inserts or replaces by id. */
  run(run: RunRecord): Promise<void>
  readRuns(
    environmentId: string,
    query: Newest & { connectionId?: string; stream?: string; state?: RunRecord['state'] },
  ): Promise<RunRecord[]>
  readEvents(environmentId: string, query: Newest & { connectionId?: string; type?: string }): Promise<EventRecord[]>
  readTasks(environmentId: string, query: TaskQuery): Promise<TaskRecord[]>
  readTask(environmentId: string, id: string): Promise<TaskRecord | null>
  /** Puts a task off, turns it down, or takes that back. False when it is done already, or never was: then nothing was written. */
  changeTask(
    environmentId: string,
    id: string,
    change: Pick<TaskRecord, 'snoozedUntil' | 'dismissedAt'>,
    along: import('./along.ts').Along,
  ): Promise<boolean>
  readIncidents(
    environmentId: string,
    query: Newest & { open?: boolean; integrationId?: string },
  ): Promise<IncidentRecord[]>
  readAudit(environmentId: string, query: Newest & { subject?: string }): Promise<AuditRecord[]>
  /** Forgets calls that began and runs that ended before then, up to ten thousand of each. Returns how many. */
  sweep(environmentId: string, before: { readonly calls: Instant; readonly runs: Instant }): Promise<number>
  /** Writes events, audit and tasks that belong to no other change, such as the reading of a credential. */
  note(environmentId: string, along: import('./along.ts').Along): Promise<void>
}

import type { Along } from './along.ts'
import type { Instant } from './clock.ts'

/** waiting: to be taken up from `readyAt` on · running: somebody has it · paused and cancelled: by a person · done · failed: somebody has to act. */
export const backfillStates = ['waiting', 'running', 'paused', 'cancelled', 'done', 'failed'] as const
export type BackfillState = (typeof backfillStates)[number]

/** Nobody works on these. */
export const restingBackfillStates: readonly BackfillState[] = ['paused', 'cancelled', 'done', 'failed']

/** Not over yet. A stream of a connection has one such backfill at most. */
export const openBackfillStates: readonly BackfillState[] = ['waiting', 'running', 'paused']

/** Days of a stream that somebody wants read, behind everything else. */
export interface Backfill {
  readonly id: string
  readonly environmentId: string
  readonly connectionId: string
  readonly integrationId: string
  readonly provider: string
  readonly stream: string
  /** Both included. */
  readonly firstDay: string
  readonly lastDay: string
  readonly state: BackfillState
  readonly fault: string | null
  /** Why it waits or stopped, in a sentence. */
  readonly says: string | null
  /** In a row. */
  readonly failures: number
  readonly readyAt: Instant
  readonly pages: number
  readonly calls: number
  /** Values and items that were new or different. */
  readonly written: number
  /** The first and last of its days that answers had so far. */
  readonly seenFrom: string | null
  readonly seenTo: string | null
  readonly actor: string
  readonly createdAt: Instant
  readonly startedAt: Instant | null
  readonly endedAt: Instant | null
}

export type BackfillProgress = Pick<Backfill, 'pages' | 'calls' | 'written' | 'seenFrom' | 'seenTo'>

/** Backfills, and who works on which. */
export interface Backfills {
  /** Null when it was made; the one that is open already of that stream, and nothing was written, otherwise. */
  create(backfill: Backfill, along: Along): Promise<Backfill | null>
  read(environmentId: string, id: string): Promise<Backfill | null>
  /** Newest id first, below `before`. */
  list(
    environmentId: string,
    query: { connectionId?: string; state?: BackfillState; before?: string; limit: number },
  ): Promise<Backfill[]>
  /** Takes the one that has been ready for longest, of all environments, be it one whose holder said nothing until its claim ran out. Null when there is none. */
  claim(options: { now: Instant; until: Instant; claim: string }): Promise<Backfill | null>
  /** Notes how far it is and keeps the claim. False when it is not ours any more, or somebody paused or cancelled it. */
  report(
    environmentId: string,
    id: string,
    claim: string,
    progress: BackfillProgress & { readonly until: Instant },
  ): Promise<boolean>
  /** Ends the claim. False, and nothing is written, when it was not ours any more. */
  release(
    environmentId: string,
    id: string,
    claim: string,
    outcome: Pick<Backfill, 'state' | 'fault' | 'says' | 'failures' | 'readyAt' | 'endedAt'>,
    along?: Along,
  ): Promise<boolean>
  /**
   * What a person decides. Whoever works on it finds out at its next report. Nothing is written where it is `stale`, not in one of `from`, or where
   * `another` of that stream is open and this one would be, too.
   */
  move(
    environmentId: string,
    id: string,
    change: { from: readonly BackfillState[]; to: 'waiting' | 'paused' | 'cancelled'; at: Instant },
    along: Along,
  ): Promise<'moved' | 'stale' | 'another'>
  /** By id, ascending: those that are over, or were paused, before then, and that nothing happened to since. */
  untouched(
    environmentId: string,
    query: { readonly before: Instant; readonly limit: number },
  ): Promise<Pick<Backfill, 'id' | 'connectionId'>[]>
  /** Forgets these, but for those that something happened to meanwhile. Returns how many. */
  forget(environmentId: string, ids: readonly string[], before: Instant): Promise<number>
}

import type { Along, DoneTask } from '../../ports/along.ts'
import type { AuditRecord, EventRecord, IncidentRecord, TaskRecord } from '../../ports/journal.ts'

/**
 * Events, audit and tasks in memory. All memory stores of one world share one of these: each writes what goes along with its change in the same
 * synchronous step as the change, and the memory journal reads the arrays. Everything is oldest first.
 */
export class AlongLog {
  readonly events: EventRecord[] = []
  readonly audit: AuditRecord[] = []
  readonly tasks: TaskRecord[] = []
  /** The directory's. */
  readonly incidents: IncidentRecord[] = []
  readonly #eventIds = new Set<string>()
  #sequence = 0

  /** Synchronous, so that nothing can come between a change and its traces. Closes before it opens, as the other driver does. */
  write(environmentId: string, along: Along): void {
    for (const event of along.events ?? []) {
      const key = `${environmentId} ${event.id}`
      if (this.#eventIds.has(key)) continue
      this.#eventIds.add(key)
      this.events.push({
        sequence: ++this.#sequence,
        id: event.id,
        environmentId,
        type: event.type,
        connectionId: event.connectionId ?? null,
        profileId: event.profileId ?? null,
        data: asJson(event.data),
        at: along.at,
      })
    }
    for (const { id, action, subject, detail = {} } of along.audit ?? [])
      this.audit.push({
        id,
        environmentId,
        actor: along.actor,
        action,
        subject,
        detail: asJson(detail),
        at: along.at,
      })
    for (const done of along.closeTasks ?? []) this.#close(environmentId, done, along.at)
    for (const task of along.openTasks ?? []) this.#open(environmentId, { ...task, openedAt: along.at })
  }

  /** Takes events away that are too old to be kept. */
  forget(sequences: ReadonlySet<number>): void {
    if (sequences.size === 0) return
    for (const { sequence, environmentId, id } of this.events)
      if (sequences.has(sequence)) this.#eventIds.delete(`${environmentId} ${id}`)
    this.events.splice(0, this.events.length, ...this.events.filter(({ sequence }) => !sequences.has(sequence)))
  }

  #close(environmentId: string, done: DoneTask, closedAt: number): void {
    for (const [index, task] of this.tasks.entries())
      if (isOpen(task, environmentId, done)) this.tasks[index] = { ...task, closedAt }
  }

  /** A connection, or a subject, has at most one open task of a kind: opening it again is no second task. */
  #open(environmentId: string, task: NonNullable<Along['openTasks']>[number] & { openedAt: number }): void {
    const { connectionId = null, subject = null, kind } = task
    const same = this.tasks.some(
      (open) =>
        (connectionId !== null && isOpen(open, environmentId, { connectionId, kind })) ||
        (subject !== null && isOpen(open, environmentId, { subject, kind })) ||
        (open.environmentId === environmentId && open.id === task.id),
    )
    if (same) return
    const standing = { snoozedUntil: null, dismissedAt: null, closedAt: null }
    this.tasks.push({ ...task, connectionId, subject, environmentId, ...standing })
  }
}

const isOpen = (task: TaskRecord, environmentId: string, about: DoneTask) =>
  task.environmentId === environmentId &&
  ('subject' in about ? task.subject === about.subject : task.connectionId === about.connectionId) &&
  task.kind === about.kind &&
  task.closedAt === null

/** A copy that looks like what comes back from a column of JSON. */
function asJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

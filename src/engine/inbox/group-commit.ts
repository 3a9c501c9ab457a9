import { Fault, second } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { NewMessage } from '../../ports/inbox.ts'
import type { Deps } from '../deps.ts'

type Outcome = 'stored' | 'duplicate'

interface Waiting {
  readonly message: NewMessage
  readonly line: Line
  readonly until: Instant
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (fault: Fault) => void
}

/** What of one environment is not stored yet. */
interface Line {
  readonly environmentId: string
  readonly waiting: Waiting[]
  /** Handed to the database and not answered; those whose patience ended are no longer in it. */
  readonly under: Set<Waiting>
  committing: boolean
  bytes: number
}

export interface GroupCommit {
  /**
   * Resolves when the message is durable. While one commit of an environment is on its way its next ones gather, and go together in one. Throws
   * `platform.busy` at once when too much waits already, and `platform.storage` when the database does not take it in time: whoever sent it has to send
   * it again.
   */
  store(message: NewMessage): Promise<Outcome>
  /** Waits until nothing is on its way. */
  idle(): Promise<void>
}

export interface GroupCommitLimits {
  /** Of all environments. Who has less than an equal share of it is let in although the others have filled it, so twice as much is the end. */
  readonly mostWaiting: number
  readonly mostBytes: number
  readonly perCommit: number
  /** From so many on no further message joins a commit. */
  readonly bytesPerCommit: number
  /** Commits under way, each of another environment: a connection of the database each. */
  readonly atOnce: number
  readonly patienceMs: number
}

/** Half of what the most impatient of the providers give, three seconds, is not too long for a commit, and eight are too long for most. */
const usual: GroupCommitLimits = {
  mostWaiting: 4_000,
  mostBytes: 64 * 1024 * 1024,
  perCommit: 500,
  bytesPerCommit: 4 * 1024 * 1024,
  atOnce: 4,
  patienceMs: 8 * second,
}

export function openGroupCommit(
  { inbox, clock, log }: Pick<Deps, 'inbox' | 'clock' | 'log'>,
  options: Partial<GroupCommitLimits> = {},
): GroupCommit {
  const limits = { ...usual, ...options }
  /** Those of whom anything is not stored. Whose turn it was goes to the end. */
  const lines = new Map<string, Line>()
  let count = 0
  let bytes = 0
  let committing = 0
  let starting = false
  let watching = false
  const idlers: (() => void)[] = []

  return {
    store(message) {
      const line = lineOf(message.environmentId)
      if (isFull(line, message.body.length)) {
        if (isEmpty(line)) lines.delete(line.environmentId)
        return Promise.reject(
          new Fault('platform.busy', 'More messages come in than can be stored.', { waitMs: busyMs }),
        )
      }
      return new Promise((resolve, reject) => {
        count++
        bytes += message.body.length
        line.bytes += message.body.length
        line.waiting.push({ message, line, until: clock.now() + limits.patienceMs, resolve, reject })
        if (!watching) void watch()
        // Whatever is under way looks after what gathered meanwhile.
        if (!line.committing) startSoon()
      })
    },

    idle: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
  }

  function lineOf(environmentId: string): Line {
    const known = lines.get(environmentId)
    if (known) return known
    const line: Line = { environmentId, waiting: [], under: new Set(), committing: false, bytes: 0 }
    lines.set(environmentId, line)
    return line
  }

  function isFull({ waiting, under, bytes: own }: Line, size: number): boolean {
    return (
      count >= 2 * limits.mostWaiting ||
      bytes + size > 2 * limits.mostBytes ||
      (count >= limits.mostWaiting && waiting.length + under.size >= limits.mostWaiting / lines.size) ||
      (bytes + size > limits.mostBytes && own + size > limits.mostBytes / lines.size)
    )
  }

  /** Those that arrive in the same turn go together. */
  function startSoon(): void {
    if (starting || committing >= limits.atOnce) return
    starting = true
    queueMicrotask(() => {
      starting = false
      start()
    })
  }

  function start(): void {
    for (const line of lines.values()) {
      if (committing >= limits.atOnce) return
      if (line.committing || line.waiting.length === 0) continue
      lines.delete(line.environmentId)
      lines.set(line.environmentId, line)
      void commitNext(line)
    }
  }

  async function commitNext(line: Line): Promise<void> {
    const group = takeGroup(line.waiting)
    for (const one of group) line.under.add(one)
    committing++
    line.committing = true
    try {
      await commit(group)
    } finally {
      committing--
      line.committing = false
      if (isEmpty(line)) lines.delete(line.environmentId)
      start()
      endIdling()
    }
  }

  function isIdle(): boolean {
    return committing === 0 && count === 0
  }

  function endIdling(): void {
    if (isIdle()) for (const idle of idlers.splice(0)) idle()
  }

  function takeGroup(waiting: Waiting[]): Waiting[] {
    let size = 0
    let length = 0
    while (length < waiting.length && length < limits.perCommit && size < limits.bytesPerCommit)
      size += waiting[length++]!.message.body.length
    return waiting.splice(0, length)
  }

  /** What one of them cannot be stored for is no reason to lose the others. */
  async function commit(group: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await inbox.store(group.map(({ message }) => message))
      for (const [index, one] of group.entries()) if (leave(one)) one.resolve(outcomes[index]!)
    } catch (error) {
      if (group.length > 1 && isOfARow(error)) {
        for (const one of group) await commit([one])
        return
      }
      log.warn('inbox.not_stored', { count: group.length, error })
      const fault = isOfARow(error)
        ? new Fault('input.invalid', 'This message holds something that cannot be stored.', {}, error)
        : notStored(error)
      for (const one of group) if (leave(one)) one.reject(fault)
    }
  }

  /** Whether it was still waited for. */
  function leave(one: Waiting): boolean {
    const { line, message } = one
    if (!line.under.delete(one)) return false
    forget(line, message)
    return true
  }

  function forget(line: Line, { body }: NewMessage): void {
    count--
    bytes -= body.length
    line.bytes -= body.length
  }

  /** While something waits, ends the patience of whoever waited long enough. What was sent to the database may still be stored, and is sent again. */
  async function watch(): Promise<void> {
    watching = true
    while (count > 0) {
      await clock.sleep(lookMs)
      const now = clock.now()
      for (const line of lines.values()) endPatience(line, now)
    }
    watching = false
  }

  function endPatience(line: Line, now: Instant): void {
    const { waiting, under } = line
    const firstInTime = waiting.findIndex(({ until }) => until > now)
    const late = waiting.splice(0, firstInTime < 0 ? waiting.length : firstInTime)
    for (const one of late) {
      forget(line, one.message)
      one.reject(notStored())
    }
    for (const one of under) if (one.until <= now && leave(one)) one.reject(notStored())
    if (isEmpty(line)) lines.delete(line.environmentId)
    endIdling()
  }
}

const isEmpty = ({ waiting, under, committing }: Line): boolean =>
  waiting.length === 0 && under.size === 0 && !committing

const notStored = (cause?: unknown) =>
  new Fault('platform.storage', 'The message could not be stored in time. Send it again.', { waitMs: busyMs }, cause)

/** Data that the database refuses, as opposed to a database that is not there. */
const isOfARow = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23]/.test(error.code)

const busyMs = 2 * second
const lookMs = 250

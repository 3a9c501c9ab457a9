import { Fault, second } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { NewMessage } from '../../ports/inbox.ts'
import type { Deps } from '../deps.ts'

type Outcome = 'stored' | 'duplicate'

interface Waiting {
  readonly message: NewMessage
  readonly until: Instant
  readonly settle: (outcome: Outcome) => void
  readonly refuse: (fault: Fault) => void
}

export interface GroupCommit {
  /**
   * Resolves when the message is durable. While one commit is on its way the next ones gather, and go together in one. Throws `platform.busy` at once
   * when too much waits already, and `platform.storage` when the database does not take it in time: whoever sent it has to send it again.
   */
  store(message: NewMessage): Promise<Outcome>
  /** Waits until nothing is on its way. */
  idle(): Promise<void>
}

export interface GroupCommitLimits {
  readonly mostWaiting: number
  readonly mostBytes: number
  readonly perCommit: number
  readonly patienceMs: number
}

/** Half of what the most impatient of the providers give, three seconds, is not too long for a commit, and eight are too long for most. */
const usual: GroupCommitLimits = {
  mostWaiting: 4_000,
  mostBytes: 64 * 1024 * 1024,
  perCommit: 500,
  patienceMs: 8 * second,
}

export function openGroupCommit(
  { inbox, clock, log }: Pick<Deps, 'inbox' | 'clock' | 'log'>,
  options: Partial<GroupCommitLimits> = {},
): GroupCommit {
  const limits = { ...usual, ...options }
  const waiting: Waiting[] = []
  /** Handed to the database and not answered; those whose patience ended are no longer in it. */
  const under: Set<Waiting> = new Set()
  let bytes = 0
  let pumping = false
  let pumped: Promise<void> = Promise.resolve()
  let watching = false

  return {
    async store(message) {
      if (waiting.length + under.size >= limits.mostWaiting || bytes + message.body.length > limits.mostBytes)
        throw new Fault('platform.busy', 'More messages come in than can be stored.', { waitMs: busyMs })
      return new Promise((resolve, reject) => {
        bytes += message.body.length
        const leave = () => {
          bytes -= message.body.length
        }
        waiting.push({
          message,
          until: clock.now() + limits.patienceMs,
          settle(outcome) {
            leave()
            resolve(outcome)
          },
          refuse(fault) {
            leave()
            reject(fault)
          },
        })
        watch()
        if (!pumping) pumped = pump()
      })
    },

    async idle() {
      while (pumping) await pumped
    },
  }

  async function pump(): Promise<void> {
    pumping = true
    try {
      // Those that arrive in the same turn go together.
      await Promise.resolve()
      while (waiting.length > 0) {
        const group = waiting.splice(0, limits.perCommit)
        for (const one of group) under.add(one)
        await commit(group)
      }
    } finally {
      // In the same step in which nothing waited: whoever comes next begins anew.
      pumping = false
    }
  }

  /** What one of them cannot be stored for is no reason to lose the others. */
  async function commit(group: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await inbox.store(group.map(({ message }) => message))
      group.forEach((one, index) => {
        if (under.delete(one)) one.settle(outcomes[index]!)
      })
    } catch (error) {
      if (group.length > 1 && isOfARow(error)) {
        for (const one of group) await commit([one])
        return
      }
      log.warn('inbox.not_stored', { count: group.length, error })
      const fault = isOfARow(error)
        ? new Fault('input.invalid', 'This message holds something that cannot be stored.', {}, error)
        : notStored(error)
      for (const one of group) if (under.delete(one)) one.refuse(fault)
    }
  }

  /** While something waits, ends the patience of whoever waited long enough. What was sent to the database may still be stored, and is sent again. */
  function watch(): void {
    if (watching) return
    watching = true
    void look()
  }

  async function look(): Promise<void> {
    while (waiting.length + under.size > 0) {
      await clock.sleep(lookMs)
      const now = clock.now()
      const late = (one: Waiting) => one.until <= now
      while (waiting[0] && late(waiting[0])) waiting.shift()!.refuse(notStored())
      for (const one of under) if (late(one) && under.delete(one)) one.refuse(notStored())
    }
    watching = false
  }
}

const notStored = (cause?: unknown) =>
  new Fault('platform.storage', 'The message could not be stored in time. Send it again.', { waitMs: busyMs }, cause)

/** Data that the database refuses, as opposed to a database that is not there. */
const isOfARow = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23]/.test(error.code)

const busyMs = 2 * second
const lookMs = 250

import { type Duration, type FixedBy, minute, parseDuration, second } from '@patchbay/kit'
import { type Connection, inactiveStates } from '../../ports/connections.ts'
import { quotaFaults, type Slot } from '../../ports/schedule.ts'
import { streamState } from '../watch/stream-state.ts'
import type { RefreshDeps } from './refresh.ts'
import { openSharedLook } from './shared-look.ts'

/** A stream that is older than somebody asked for, and why. */
export interface Stale {
  readonly connection: string
  readonly stream: string
  readonly syncedAt: number | null
  readonly reason: 'not_in_time' | 'failed' | 'waiting' | 'blocked'
  readonly fault: string | null
  readonly says: string
  readonly fixedBy: FixedBy | null
}

export interface FreshenOptions {
  /** `15m`. */
  readonly maxAge: string
  /** Of these metrics: whatever stream they come from. The numbers that people look at first, when absent. */
  readonly metrics?: readonly string[]
  readonly signal?: AbortSignal
}

/**
 * Reads what is older than `maxAge`, and waits a few seconds for it, however many ask: they share one reading and one look at the schedule. What is older
 * all the same is named with its reason, and its last good numbers are what there is.
 */
export type Freshen = (
  environmentId: string,
  connections: readonly Connection[],
  options: FreshenOptions,
) => Promise<readonly Stale[]>

/** How long somebody waits for fresher numbers. */
const patienceMs = 5 * second
/** What failed a moment ago is not tried again for everybody who asks. */
const failedLatelyMs = minute

export function openFreshen(deps: RefreshDeps): Freshen {
  const { clock, schedule, providers } = deps
  const look = openSharedLook(deps)

  return async (environmentId, connections, { maxAge, metrics, signal }) => {
    const ids = connections.map(({ id }) => id)
    const byId = new Map(connections.map((connection) => [connection.id, connection]))
    const oldest = clock.now() - parseDuration(maxAge as Duration)
    const deadlineAt = clock.now() + patienceMs
    const isWanted = ({ connectionId, stream }: Slot) => {
      const declared = providers.get(byId.get(connectionId)!.provider)?.streams[stream]
      const isNamed = metrics?.some((metric) => (declared?.metrics as readonly string[] | undefined)?.includes(metric))
      return isNamed ?? declared?.headline === true
    }
    const isOld = (slot: Slot) => isWanted(slot) && (slot.syncedAt ?? Number.NEGATIVE_INFINITY) < oldest
    const mayBeRead = (slot: Slot) =>
      !inactiveStates.has(byId.get(slot.connectionId)!.state) && slot.blocked === null && !isHopeless(slot, clock.now())

    let slots = await schedule.of(environmentId, ids)
    for (;;) {
      const old = slots.filter(isOld)
      const coming = old.filter(mayBeRead)
      if (coming.length === 0 || clock.now() >= deadlineAt || signal?.aborted)
        return old.map((slot) => staleOf(slot, byId.get(slot.connectionId)!, clock.now()))
      await hasten(environmentId, coming)
      slots = await look(environmentId, ids, signal)
    }
  }

  /** What is being read, or is to be read at once already, is not asked for a second time. */
  async function hasten(environmentId: string, slots: readonly Slot[]): Promise<void> {
    const now = clock.now()
    const idle = slots.filter(({ claim, lane, dueAt }) => claim === null && !(lane === 'interactive' && dueAt <= now))
    for (const [connectionId, some] of Map.groupBy(idle, (slot) => slot.connectionId))
      await schedule.wake(environmentId, connectionId, {
        streams: some.map(({ stream }) => stream),
        ...{ lane: 'interactive', at: now },
      })
    const waiting = slots.filter(({ lane }) => lane !== 'interactive')
    if (waiting.length > 0) deps.wake(waiting.map(({ connectionId }) => connectionId))
  }
}

/** It failed a moment ago, or was told when to come again. */
function isHopeless({ claim, lastFault, lastEndedAt, dueAt, lane }: Slot, now: number): boolean {
  if (lastFault === null || claim !== null || lane === 'interactive') return false
  return (
    (quotaFaults.includes(lastFault) && dueAt > now) || (lastEndedAt !== null && now - lastEndedAt < failedLatelyMs)
  )
}

function staleOf(slot: Slot, connection: Connection, now: number): Stale {
  const { connectionId, stream, syncedAt, lastFault } = slot
  const inactive = inactiveStates.has(connection.state) ? connection.state : null
  const { state, says, fixedBy } = streamState({ ...slot, blocked: slot.blocked ?? inactive }, now)
  const reason = state === 'blocked' || state === 'waiting' ? state : state === 'error' ? 'failed' : 'not_in_time'
  const late = 'It was asked for and has not been read in time. The next answer may have it.'
  return {
    ...{ connection: connectionId, stream, syncedAt, reason },
    fault: reason === 'not_in_time' ? null : lastFault,
    says: reason === 'not_in_time' ? late : (says ?? late),
    fixedBy: reason === 'not_in_time' ? 'time' : fixedBy,
  }
}

import { Fault, isFault } from '@patchbay/kit'
import type { Clock } from '../../ports/clock.ts'
import type { Step } from './outgoing-call.ts'

/** So many failures in a row open it. */
const failuresToOpen = 8
const firstPauseMs = 5_000
const longestPauseMs = 5 * 60_000
/** Hosts remembered. */
const remembered = 1_000

interface State {
  failures: number
  openUntil: number
  pauseMs: number
  probing: boolean
}

/**
 * closed → (failures in a row) open → (pause over) half open: one call goes through → closed, or open again for twice as long. Per provider, host and
 * environment mode. While it is open nothing is sent, and callers hear at once what they would hear after their time ran out.
 */
export function breaker(clock: Clock): Step {
  const states = new Map<string, State>()
  return (next) => async (call) => {
    const key = `${call.target.environment.mode} ${call.target.provider.id} ${call.place.split('/')[0]}`
    const state = states.get(key) ?? { failures: 0, openUntil: 0, pauseMs: firstPauseMs, probing: false }
    const now = clock.now()
    const open = state.failures >= failuresToOpen
    if (open && (now < state.openUntil || state.probing)) {
      throw new Fault('provider.down', undefined, {
        provider: call.target.provider.id,
        waitMs: Math.max(1_000, state.openUntil - now),
        reason: 'breaker',
      })
    }
    if (open) state.probing = true
    try {
      const response = await next(call)
      states.delete(key)
      return response
    } catch (error) {
      if (!isFault(error, 'provider.down', 'provider.unreachable', 'provider.timeout')) {
        // The provider answered, if only with a no.
        if (isFault(error) && call.status !== null) states.delete(key)
        throw error
      }
      state.failures++
      if (state.failures >= failuresToOpen) {
        state.openUntil = clock.now() + state.pauseMs
        state.pauseMs = Math.min(longestPauseMs, state.pauseMs * 2)
      }
      if (states.size >= remembered) states.delete(states.keys().next().value!)
      states.set(key, state)
      throw error
    } finally {
      state.probing = false
    }
  }
}

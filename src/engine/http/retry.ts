import { type Fault, isFault } from '@patchbay/kit'
import type { Deps } from '../deps.ts'
import { isIdempotent, type OutgoingCall, type Step } from './outgoing-call.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { Credentials } from './target.ts'

const firstWaitMs = 500
const longestWaitMs = 20_000

/**
 * Again, when it can help and cannot hurt: the provider was down, unreachable or late, and doing it twice does no harm. With full jitter, inside the
 * call's patience, and at most a tenth of all calls to that provider. A refused credential is asked about once and the call then repeated once.
 */
export function retry(
  deps: Pick<Deps, 'clock' | 'random'>,
  credentials: Credentials,
  budget: RetryBudget,
  options: { attempts: number },
): Step {
  return (next) => async (call) => {
    budget.first(call.target.provider.id)
    let replayed = false
    for (let attempt = 1; ; attempt++) {
      try {
        return await next(call)
      } catch (error) {
        if (!isFault(error)) throw error
        if (isFault(error, 'connection.expired') && call.status !== null && !replayed) {
          replayed = true
          if ((await credentials.refused(call.target, call.request.as ?? 'account', call.generation)) === 'retry')
            continue
          throw error
        }
        if (attempt >= options.attempts || !mayHelp(error, call) || !budget.another(call.target.provider.id))
          throw error
        const waitMs = error.detail.waitMs ?? deps.random.unit() * Math.min(longestWaitMs, firstWaitMs * 2 ** attempt)
        if (deps.clock.now() + waitMs > call.deadlineAt) throw error
        call.waitedMs += waitMs
        await deps.clock.sleep(waitMs, call.signal)
      }
    }
  }
}

function mayHelp(fault: Fault, call: OutgoingCall): boolean {
  if (isFault(fault, 'provider.throttled')) return fault.detail.waitMs !== undefined
  if (!isFault(fault, 'provider.down', 'provider.unreachable', 'provider.timeout')) return false
  // Refused with a status, or never sent, it was not done; an answer that was lost is for those that may be done twice.
  return isIdempotent(call) || !call.sent
}

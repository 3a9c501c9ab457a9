import { Fault, type FaultCode, isFault } from '@patchbay/kit'
import type { Deps } from '../deps.ts'
import type { Intent, Layer } from './intent.ts'
import { pause } from './pause.ts'
import { RetryBudget } from './retry-budget.ts'
import type { Credentials } from './target.ts'

/**
 * Asks again when it can help and cannot hurt: the trouble may be over soon, and asking twice does no harm, or the request never arrived, or it
 * was refused before anything was done. Never beyond the caller's patience and the provider's retry budget.
 *
 * A credential that is refused is no trouble of that kind: whoever keeps credentials is asked once, and if there may be a better one the call is
 * made again once. A refused call did nothing, so that is harmless for writes too.
 */
export function retry(
  { clock, random, credentials }: Pick<Deps, 'clock' | 'random'> & { credentials: Credentials },
  options: {
    attempts: number
    /** Whether a call whose credential was refused can be made again as it was. False where its body was a stream that has been read. Always when absent. */
    replays?: (intent: Intent) => boolean
  },
): Layer {
  const budget = new RetryBudget()
  return (next) => async (intent) => {
    const key = intent.shared
    budget.first(key, clock.now())
    let replayed = false
    let mayBeDone = false
    for (let attempt = 1; ; attempt++) {
      intent.tally.sentNow = false
      intent.tally.answer = null
      try {
        return await next(intent)
      } catch (error) {
        if (isRefusal(error, intent)) {
          if (replayed || (await refused(intent)) === 'stop' || options.replays?.(intent) === false)
            throw ofTheApp(error, intent)
          replayed = true
          // It counts as a retry, and is not refused as one: without it nothing of that connection would ever work again.
          budget.take(key, clock.now())
          continue
        }
        if (mayBeDone && isFault(error) && tellsOfTheFirst(error, intent))
          throw new Fault('provider.unsure', undefined, error.detail, error)
        if (attempt >= options.attempts || !isFault(error) || !mayHelp(error) || mayHurt(error, intent)) throw error
        mayBeDone ||= leavesOpen(error, intent)
        const waitMs = waitBefore(attempt, error)
        const { stop } = intent.target
        if (stop?.aborted || clock.now() + waitMs > intent.deadlineAt) throw error
        if (intent.tally.sent > 0 && !budget.take(key, clock.now())) throw error
        await pause(clock, intent, waitMs)
        if (stop?.aborted) throw error
      }
    }
  }

  function refused({ target, as, tally }: Intent): Promise<'retry' | 'stop'> {
    return credentials.refused(target, as, tally.generation)
  }

  /** Anywhere in a window that doubles, so that those who failed together do not come back together; after the time that was asked for, where one was. */
  function waitBefore(attempt: number, { detail }: Fault): number {
    if (detail.waitMs !== undefined) return detail.waitMs + random.unit() * Math.min(1000, detail.waitMs / 10)
    return random.unit() * Math.min(longestWaitMs, 500 * 2 ** attempt)
  }
}

const longestWaitMs = 30_000

const isRefusal = (error: unknown, { as }: Intent): error is Fault =>
  isFault(error, 'connection.expired', 'connection.revoked') ||
  (as === 'app' && isFault(error, 'setup.credentials') && error.detail.status === 401)

/** The app's own credential has no account owner who could connect again. */
const ofTheApp = (fault: Fault, { as }: Intent) =>
  as === 'app' ? new Fault('setup.credentials', fault.message, fault.detail, fault.cause) : fault

const soonOver = new Set<FaultCode>([
  'provider.throttled',
  'provider.exhausted',
  'provider.down',
  'provider.unreachable',
  'provider.timeout',
  'connection.refreshing',
  'platform.busy',
])

/** A certificate does not become valid by asking again. */
const mayHelp = (fault: Fault) => soonOver.has(fault.code) && fault.detail.reason !== 'tls'

const neverDone = new Set<FaultCode>([
  'provider.throttled',
  'provider.exhausted',
  'connection.refreshing',
  'platform.busy',
])

const mayHurt = (fault: Fault, { idempotent, tally }: Intent) =>
  !idempotent && tally.sentNow && !neverDone.has(fault.code)

/** Of an attempt whose answer was lost: it may have been done all the same. What is said before any work is done is no such answer. */
const leavesOpen = ({ code, detail: { status } }: Fault, { tally }: Intent) =>
  tally.sentNow &&
  !neverDone.has(code) &&
  (status === undefined || status === 408 || (status >= 500 && !beforeWork.has(status)))

const beforeWork = new Set([503, 529])

/**
 * A refusal that may be the doing of an attempt before it, whose answer was lost: what it made is in the way of making it again, and what it removed is
 * there no more.
 */
function tellsOfTheFirst({ detail: { status } }: Fault, { method }: Intent): boolean {
  if (method === 'GET' || method === 'HEAD') return false
  return status === 409 || status === 412 || (method === 'DELETE' && (status === 404 || status === 410))
}

import { type ApiResponse, Fault, isFault, type Quota, type QuotaSignal, quotaSignals } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Draw } from '../../ports/limiter.ts'
import type { Deps } from '../deps.ts'
import { bucketOf, unmeteredBucket } from '../quota/buckets.ts'
import { drawsAt, quotasUnder, sparingBucket, sparingDraws, type Take, takesOf, windowAt } from '../quota/draws.ts'
import { sayLimit } from '../quota/say-wait.ts'
import { tolerant } from './fault-of-answer.ts'
import type { Intent, Layer } from './intent.ts'
import { pause } from './pause.ts'
import { clampWait } from './retry-after.ts'

/**
 * Under every known quota. Each attempt takes from all its buckets before it goes out, and is counted from when its answer arrived: the
 * provider counted it somewhere in between, and only the later end is sure to be out of its window when it is out of ours. Of the calls that
 * the provider counts in one window, the last to be granted then found all others still counted here, however late they arrived there.
 *
 * When a provider says stop, the buckets are closed for everybody; what its headers say about quotas may only make ours tighter. Throws
 * `provider.throttled` with the wait that is left and the quota that is in the way when that takes longer than the caller has patience.
 */
export function pace({ clock, random, limiter, log }: Pick<Deps, 'clock' | 'random' | 'limiter' | 'log'>): Layer {
  const stops = new Stops()
  return (next) => async (intent) => {
    const takes = takesOf(intent)
    const ticket = await waitForRoom(intent, takes)
    try {
      const answer = await next(intent)
      stops.over(takes)
      return answer
    } catch (error) {
      if (!isFault(error, 'provider.throttled', 'provider.exhausted')) throw error
      throw await stop(intent, takes, error)
    } finally {
      await keepBooks(intent, takes, ticket)
    }
  }

  /** The call has been made; what its books say must not change how it ended. A ticket that is not settled ends by itself. */
  async function keepBooks(intent: Intent, takes: readonly Take[], ticket: string): Promise<void> {
    const { answer, sentNow, cost } = intent.tally
    if (sentNow) for (const { quota, amount } of takes) cost[quota.id] = (cost[quota.id] ?? 0) + amount
    const noteFailure = (error: unknown) =>
      log.warn('quota.not_settled', { provider: intent.target.provider.id, error })
    // Nobody waits for this: until it is written the call counts as one that is under way.
    limiter.settle(ticket, { at: answer?.at ?? clock.now(), sent: sentNow }).catch(noteFailure)
    const signals = answer ? signalsOf(intent, answer) : []
    if (answer && signals.length > 0) await heed(intent, answer, signals).catch(noteFailure)
  }

  async function waitForRoom(intent: Intent, takes: readonly Take[]): Promise<string> {
    const { target, deadlineAt, signal, tally } = intent
    const sparesUntil = clock.now() + sparesMs
    let { spares } = target
    for (;;) {
      signal?.throwIfAborted()
      const now = clock.now()
      // Each time anew: meanwhile it may be another day.
      const draws =
        takes.length > 0
          ? [...drawsAt(takes, now), ...sparingDraws(takes, { spares })]
          : [unmetered(unmeteredBucket(target))]
      const dear = takes.find(({ quota, amount }) => quota.currency !== undefined && amount > quota.limit)
      if (dear) throw spent(intent, dear.quota, untilReset(dear.quota, now))
      const taken = await limiter.take(draws, { now, lane: target.lane })
      if (taken.granted) {
        tally.sendBy = now + freshMs
        return taken.ticket
      }
      if (target.stop?.aborted) throw noRoom(intent, takes, taken)
      if (spares === 'a_while' && takes.some(({ bucket }) => sparingBucket(bucket) === taken.bucket)) {
        const leftMs = taken.waitMs > longestSparingMs ? 0 : sparesUntil - now
        if (leftMs <= 0) spares = null
        else await pause(clock, intent, Math.min(leftMs, taken.waitMs))
        tally.waitedMs += clock.now() - now
        continue
      }
      // So that those who wait for the same moment do not all ask in it.
      const waitMs = taken.waitMs + random.unit() * Math.min(250, taken.waitMs / 10)
      if (now + waitMs > deadlineAt) throw noRoom(intent, takes, taken)
      await pause(clock, intent, waitMs)
      tally.waitedMs += clock.now() - now
    }
  }

  /** Closes the bucket that the provider named, or all that the call took from. Returns the fault with the wait that holds now. */
  async function stop(intent: Intent, takes: readonly Take[], fault: Fault): Promise<Fault> {
    const at = intent.tally.answer?.at ?? clock.now()
    const named = quotasUnder(intent.target).find(({ id }) => id === fault.detail.quota)
    const bucket = named && bucketOf(intent.target, named, intent.as)
    const closed = named && bucket ? [{ quota: named, bucket }] : takes
    let longestMs = 0
    for (const { quota, bucket } of closed) {
      const waitMs =
        fault.detail.waitMs ??
        (fault.code === 'provider.exhausted' ? untilReset(quota, at) : stops.waitMs(bucket, quota))
      longestMs = Math.max(longestMs, waitMs)
      await limiter.park(bucket, at + waitMs)
    }
    if (closed.length === 0) {
      longestMs = fault.detail.waitMs ?? stops.waitMs(unmeteredBucket(intent.target))
      await limiter.park(unmeteredBucket(intent.target), at + longestMs)
    }
    return new Fault(fault.code, fault.message, { ...fault.detail, waitMs: longestMs }, fault.cause)
  }

  async function heed(intent: Intent, answer: ApiResponse, signals: readonly QuotaSignal[]): Promise<void> {
    const { target, as } = intent
    for (const signal of signals) {
      const quota = quotasUnder(target).find(({ id }) => id === signal.quota)
      const bucket = quota && bucketOf(target, quota, as)
      if (!quota || !bucket) continue
      const used = Math.max(
        signal.used ? signal.used * quota.limit : 0,
        signal.remaining === undefined ? 0 : quota.limit - signal.remaining,
      )
      const draw = { bucket, limit: quota.limit, window: windowAt(quota, answer.at) }
      const waitMs = signal.waitMs === undefined ? null : clampWait(signal.waitMs)
      // Who says when there is room again knows better than a whole window from now, when what is not ours would leave ours.
      if (waitMs !== null) await limiter.park(bucket, answer.at + waitMs)
      else if (used > 0) await limiter.learn(draw, used, answer.at)
    }
  }
}

const signalsOf = ({ target }: Intent, answer: ApiResponse): readonly QuotaSignal[] =>
  tolerant(() => quotaSignals(target.provider.api.errors, answer)) ?? []

/** How long to stay away when a provider says stop and not for how long: twice as long each time in a row, and never longer than the window. */
class Stops {
  readonly #inARow = new Map<string, number>()

  waitMs(bucket: string, quota?: Quota): number {
    const count = this.#inARow.get(bucket) ?? 0
    this.#inARow.delete(bucket)
    this.#inARow.set(bucket, count + 1)
    if (this.#inARow.size > 10_000) this.#inARow.delete(this.#inARow.keys().next().value!)
    const window = quota && 'rollingMs' in quota.window ? quota.window.rollingMs : longestMs
    return Math.min(1000 * 2 ** Math.min(count, 20), Math.max(window, 1000), longestMs)
  }

  over(takes: readonly Take[]): void {
    if (this.#inARow.size > 0) for (const { bucket } of takes) this.#inARow.delete(bucket)
  }
}

const longestMs = 15 * 60_000

/** After an outage everything is to be read within the hour: a call waits so long for room in a tenth of a limit, and where that room is far off not at all. */
const sparesMs = 20_000
const longestSparingMs = 60_000

/** Far longer than anything between a grant and its call, and far shorter than it takes for a ticket to be given up. */
const freshMs = 60_000

function untilReset(quota: Quota, at: Instant): number {
  const window = windowAt(quota, at)
  if ('rollingMs' in window) return window.rollingMs
  return 'endsAt' in window ? window.endsAt - at : 1000
}

/** Which quota is in the way, and for how long. */
function noRoom(intent: Intent, takes: readonly Take[], refused: { bucket: string; waitMs: number }): Fault {
  const { waitMs } = refused
  const quota = takes.find(({ bucket }) => [bucket, sparingBucket(bucket)].includes(refused.bucket))?.quota
  if (quota?.currency !== undefined) return spent(intent, quota, waitMs)
  const detail = { provider: intent.target.provider.id, waitMs, ...(quota && { quota: quota.id }) }
  return new Fault('provider.throttled', 'The quota has no room within the time this call may wait.', detail)
}

/** No wait of a call helps, and no repetition: the money is spent until the calendar says otherwise, or somebody adds to it. */
const spent = ({ target }: Intent, quota: Quota, waitMs: number): Fault =>
  new Fault('setup.budget', `The budget “${quota.id}” of ${sayLimit(quota)} is spent.`, {
    ...{ provider: target.provider.id, quota: quota.id, waitMs },
  })

const unmetered = (bucket: string): Draw => ({ bucket, amount: 0, limit: 0, window: { concurrent: true } })

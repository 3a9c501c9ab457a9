import { Fault, isFault } from '@patchbay/kit'
import type { Deps } from '../deps.ts'
import { bucketsOf, type Drawing, type Drawings } from '../quota/draws.ts'
import type { OutgoingCall, Step } from './outgoing-call.ts'

/** Between two looks at a bucket that somebody else may free. */
const shortestWaitMs = 20

/**
 * Under every known quota, or not at all. All buckets are taken together before anything is sent; what the provider says afterwards can only tighten them.
 * Waits while the call has patience, and then says how long it would have to.
 */
export function pace(deps: Pick<Deps, 'clock' | 'limiter' | 'log'>, drawings: Drawings): Step {
  return (next) => async (call) => {
    const { ticket, drawing } = await take(call)
    call.sent = false
    try {
      const response = await next(call)
      await deps.limiter.settle(ticket, { at: deps.clock.now(), sent: true })
      await learn(call, drawing, response)
      return response
    } catch (error) {
      await deps.limiter.settle(ticket, { at: deps.clock.now(), sent: call.sent })
      if (isFault(error, 'provider.throttled', 'provider.exhausted')) await park(call, drawing, error)
      throw error
    }
  }

  async function take(call: OutgoingCall): Promise<{ ticket: string; drawing: Drawing }> {
    for (;;) {
      const now = deps.clock.now()
      const drawing = drawings.of(call, now)
      const { draws } = drawing
      const taken = await deps.limiter.take(draws, { now, lane: call.target.lane })
      if (taken.granted) {
        for (const { quota, amount } of draws) call.cost[quota] = (call.cost[quota] ?? 0) + amount
        return { ticket: taken.ticket, drawing }
      }
      const waitMs = Math.max(shortestWaitMs, taken.waitMs)
      if (now + waitMs > call.deadlineAt) {
        const quota = draws.find(({ bucket }) => bucket === taken.bucket)?.quota
        throw new Fault('provider.throttled', `The limit “${quota}” of ${call.target.provider.name} has no room yet.`, {
          provider: call.target.provider.id,
          quota,
          waitMs,
          own: true,
        })
      }
      call.waitedMs += waitMs
      await deps.clock.sleep(waitMs, call.signal)
    }
  }

  /** Everybody who shares the bucket stops, and not only this call (F32). Which one it is, the error table says, else the one with the longest window. */
  async function park(call: OutgoingCall, drawing: Drawing, fault: Fault): Promise<void> {
    // Our own limiter said no: nothing was sent, and there is nothing to learn.
    if (fault.detail.own === true) return
    const until =
      deps.clock.now() + (fault.detail.waitMs ?? (isFault(fault, 'provider.exhausted') ? exhaustedMs : throttledMs))
    const buckets = bucketsOf(drawing, fault)
    for (const bucket of buckets) await deps.limiter.park(bucket, until)
    deps.log.warn('quota.parked', { provider: call.target.provider.id, place: call.place, buckets, until })
  }

  async function learn(
    call: OutgoingCall,
    { draws }: Drawing,
    response: Parameters<NonNullable<OutgoingCall['target']['provider']['api']['errors']['signals']>>[0],
  ): Promise<void> {
    for (const signal of call.target.provider.api.errors.signals?.(response) ?? []) {
      const draw = draws.find(({ quota }) => quota === signal.quota)
      if (!draw) continue
      const now = deps.clock.now()
      const used =
        signal.used !== undefined
          ? signal.used * draw.limit
          : signal.remaining !== undefined
            ? draw.limit - signal.remaining
            : null
      if (used !== null && Number.isFinite(used)) await deps.limiter.learn(draw, used, now)
      if (signal.waitMs !== undefined && signal.waitMs > 0) await deps.limiter.park(draw.bucket, now + signal.waitMs)
    }
  }
}

/** When the provider names no wait. */
const throttledMs = 30_000
const exhaustedMs = 24 * 3_600_000

import { Fault, second } from '@patchbay/kit'
import type { FastifyReply } from 'fastify'
import type { Clock, Instant } from '../ports/clock.ts'
import type { Caller } from './route.ts'

/** How many requests one key may make in a minute. Generous: it stops a runaway loop, not an application. */
const limit = 6_000
const windowMs = 60_000
/** Callers remembered at once; the oldest window is forgotten first. */
const remembered = 10_000
/** While others ask as well, so many go at once, and the rest evenly at the rate of the limit. */
const burst = 50
const stepMs = windowMs / limit
/** Somebody else who asked in so long a time has to be heeded. */
const besideMs = 5 * second
/** A refusal that others would pay for is said so late, and no request waits longer than that for its turn. */
const refusedAfterMs = second
const longestWaitMs = 5 * second
/** Requests that wait, or are refused late, at once; on top of that they are refused at once. */
const mostHeld = 2_000

/**
 * Counts requests per key in this process and says so in `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers). An application that is alone has the
 * whole process. Beside others nobody's loop that ran away takes the time of theirs: it goes at its rate, and what is refused is not asked for again in the
 * same millisecond.
 */
export interface RequestRate {
  /**
   * With a reply, says in it how much is left. Null: go on. A promise: go on when it resolves. Throws `input.throttled`, or rejects with it, beyond the limit.
   */
  count(caller: Pick<Caller, 'actor' | 'environment'>, reply: FastifyReply | null): Promise<void> | null
}

interface Window {
  readonly startedAt: Instant
  used: number
  /** When the next one that is paced has its turn. */
  nextAt: Instant
}

export function openRequestRate(clock: Clock): RequestRate {
  const windows = new Map<string, Window>()
  /** Which environment asked last, and which other one before it. */
  let last = { environmentId: '', at: Number.NEGATIVE_INFINITY }
  let other = last
  let held = 0

  return {
    count(caller, reply) {
      const now = clock.now()
      const window = windowOf(caller.actor, now)
      window.used++
      const resetMs = window.startedAt + windowMs - now
      reply?.header('ratelimit-policy', `"default";q=${limit};w=${windowMs / 1000}`)
      reply?.header('ratelimit', `"default";r=${Math.max(0, limit - window.used)};t=${Math.ceil(resetMs / 1000)}`)
      const isBeside = seesOthers(caller.environment.id, now)
      if (window.used > limit) return refuse(resetMs, isBeside)
      return isBeside ? pace(window, now, resetMs) : null
    },
  }

  function windowOf(actor: string, now: Instant): Window {
    const found = windows.get(actor)
    // One from the future was begun before the clock was set back.
    const known = found && found.startedAt <= now ? found : undefined
    if (known && now - known.startedAt < windowMs) return known
    windows.delete(actor)
    if (windows.size >= remembered) windows.delete(windows.keys().next().value!)
    const window = { startedAt: now, used: 0, nextAt: known?.nextAt ?? Number.NEGATIVE_INFINITY }
    windows.set(actor, window)
    return window
  }

  function seesOthers(environmentId: string, now: Instant): boolean {
    if (environmentId !== last.environmentId) other = last
    last = { environmentId, at: now }
    return other.at <= now && now - other.at < besideMs
  }

  function pace(window: Window, now: Instant, resetMs: number): Promise<void> | null {
    window.nextAt = Math.max(window.nextAt, now - burst * stepMs) + stepMs
    const waitMs = window.nextAt - now
    if (waitMs <= 0) return null
    if (waitMs <= longestWaitMs && held < mostHeld) return hold(waitMs)
    // It has no turn.
    window.nextAt -= stepMs
    return refuse(Math.min(waitMs, resetMs), true)
  }

  function refuse(waitMs: number, isBeside: boolean): Promise<never> {
    const refusal = new Fault('input.throttled', undefined, { waitMs: Math.ceil(waitMs / second) * second })
    if (!isBeside || held >= mostHeld) throw refusal
    return hold(refusedAfterMs).then(() => {
      throw refusal
    })
  }

  async function hold(ms: number): Promise<void> {
    held++
    await clock.sleep(ms)
    held--
  }
}

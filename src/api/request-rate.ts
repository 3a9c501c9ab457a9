import { Fault } from '@patchbay/kit'
import type { FastifyReply } from 'fastify'
import type { Clock } from '../ports/clock.ts'
import type { Caller } from './route.ts'

/** How many requests one key may make in a minute. Generous: it stops a runaway loop, not an application. */
const limit = 6_000
const windowMs = 60_000
/** Callers remembered at once; the oldest window is forgotten first. */
const remembered = 10_000

/** Counts requests per key in this process and says so in `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers). */
export interface RequestRate {
  /** With a reply, says in it how much is left. */
  count(caller: Caller, reply: FastifyReply | null): void
}

export function openRequestRate(clock: Clock): RequestRate {
  const windows = new Map<string, { startedAt: number; used: number }>()
  return {
    count(caller, reply) {
      const now = clock.now()
      let window = windows.get(caller.actor)
      if (!window || now - window.startedAt >= windowMs) {
        windows.delete(caller.actor)
        if (windows.size >= remembered) windows.delete(windows.keys().next().value!)
        window = { startedAt: now, used: 0 }
        windows.set(caller.actor, window)
      }
      window.used++
      const resetSeconds = Math.ceil((window.startedAt + windowMs - now) / 1000)
      reply?.header('ratelimit-policy', `"default";q=${limit};w=${windowMs / 1000}`)
      reply?.header('ratelimit', `"default";r=${Math.max(0, limit - window.used)};t=${resetSeconds}`)
      if (window.used > limit) throw new Fault('input.throttled', undefined, { waitMs: resetSeconds * 1000 })
    },
  }
}

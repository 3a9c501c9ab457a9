import type { Instant } from '../../ports/clock.ts'
import { type Draw, type Limiter, type Renewing, type Taken, ticketMs, type Usage } from '../../ports/limiter.ts'
import type { Lane } from '../../ports/schedule.ts'
import { ceilingOf, concurrentWaitMs } from './room.ts'
import { SlidingLog } from './sliding-log.ts'

/** Quotas of a single process. Nothing here waits; the promises are the port's. */
export function openMemoryLimiter(): Limiter & Renewing {
  const limiter = new MemoryLimiter()
  return {
    take: async (draws, options) => limiter.take(draws, options.now, options.lane),
    settle: async (ticket, options) => limiter.settle(ticket, options),
    park: async (bucket, until) => limiter.park(bucket, until),
    stops: async (now) => limiter.stops(now),
    learn: async (draw, used, now) => limiter.learn(draw, used, now),
    usage: async (prefix, now) => limiter.usage(prefix, now),
    renew: async (tickets, now) => limiter.renew(tickets, now),
  }
}

interface Bucket {
  readonly name: string
  limit: number
  parkedUntil: Instant
  /** Taken and not settled, of every kind of window. */
  flying: number
  /** Rolling: what was settled, until each is out of the window. */
  readonly log: SlidingLog
  rollingMs: number
  /** Fixed: the newest window seen, and what counts in it. */
  startsAt: Instant
  endsAt: Instant
  used: number
}

interface Ticket {
  readonly takenAt: Instant
  readonly draws: readonly Draw[]
}

/** taken → settled: counts for its window, or is given back when it was not sent · taken → (after ticketMs) lost: counts as settled at that moment. */
class MemoryLimiter {
  readonly #buckets = new Map<string, Bucket>()
  readonly #tickets = new Map<string, Ticket>()
  #count = 0
  #sweepAt = 1024

  take(draws: readonly Draw[], now: Instant, lane: Lane): Taken {
    this.#endLost(now)
    let waitMs = 0
    let bucket = ''
    for (const draw of draws) {
      const ms = waitFor(this.#bucketOf(draw, now), draw, now, lane)
      if (ms > waitMs) {
        waitMs = ms
        bucket = draw.bucket
      }
    }
    if (waitMs > 0) return { granted: false, waitMs, bucket }
    for (const draw of draws) {
      const bucket = this.#buckets.get(draw.bucket)!
      bucket.flying += draw.amount
      if ('startsAt' in draw.window) bucket.used += draw.amount
    }
    const ticket = (++this.#count).toString(36)
    this.#tickets.set(ticket, { takenAt: now, draws })
    return { granted: true, ticket }
  }

  settle(id: string, { at, sent, amount }: Parameters<Limiter['settle']>[1]): void {
    const ticket = this.#tickets.get(id)
    if (!ticket || ticket.takenAt + ticketMs < at || amount === 0) return
    if (sent) for (const draw of ticket.draws) this.#turnLate(draw, at)
    // Nearly every call ends as a whole: nothing need be made for it.
    if (amount === undefined) {
      this.#tickets.delete(id)
      this.#end(ticket.draws, at, sent)
      return
    }
    const ended = ticket.draws.map((draw) => ({ ...draw, amount: Math.min(draw.amount, amount) }))
    const draws = ticket.draws.map((draw, index) => ({ ...draw, amount: draw.amount - ended[index]!.amount }))
    this.#tickets.set(id, { ...ticket, draws })
    this.#end(ended, at, sent)
  }

  park(name: string, until: Instant): void {
    const bucket = this.#bucket(name)
    bucket.parkedUntil = Math.max(bucket.parkedUntil, until)
  }

  stops(now: Instant): Map<string, Instant> {
    const parked = [...this.#buckets.values()].filter(({ parkedUntil }) => parkedUntil > now)
    return new Map(parked.map(({ name, parkedUntil }) => [name, parkedUntil]))
  }

  learn(draw: Omit<Draw, 'amount'>, used: number, now: Instant): void {
    this.#endLost(now)
    const bucket = this.#bucketOf(draw, now)
    if ('rollingMs' in draw.window) {
      const more = used - bucket.flying - bucket.log.sum(now)
      if (more > 0) bucket.log.add(now + draw.window.rollingMs, more)
    } else if ('startsAt' in draw.window && draw.window.startsAt === bucket.startsAt) {
      bucket.used = Math.max(bucket.used, used)
    }
  }

  usage(prefix: string, now: Instant): Usage[] {
    this.#endLost(now)
    const found: Usage[] = []
    for (const bucket of this.#buckets.values()) {
      if (!bucket.name.startsWith(prefix)) continue
      const parkedUntil = bucket.parkedUntil > now ? bucket.parkedUntil : null
      const { used, resetsAt } = standing(bucket, now)
      if (used > 0 || parkedUntil !== null)
        found.push({ bucket: bucket.name, used, limit: bucket.limit, parkedUntil, resetsAt })
    }
    return found.sort((one, other) => (one.bucket < other.bucket ? -1 : 1))
  }

  renew(ids: readonly string[], now: Instant): Set<string> {
    this.#endLost(now)
    const alive = new Set(ids.filter((id) => this.#tickets.has(id)))
    for (const id of alive) {
      const { draws } = this.#tickets.get(id)!
      // They stay in the order in which they are over.
      this.#tickets.delete(id)
      this.#tickets.set(id, { takenAt: now, draws })
    }
    return alive
  }

  #bucketOf(draw: Omit<Draw, 'amount'>, now: Instant): Bucket {
    const bucket = this.#bucket(draw.bucket, now)
    const { window } = draw
    bucket.limit = draw.limit
    bucket.rollingMs = 'rollingMs' in window ? window.rollingMs : 0
    if ('startsAt' in window && window.startsAt > bucket.startsAt) {
      bucket.startsAt = window.startsAt
      bucket.endsAt = window.endsAt
      // Calls that are under way may still be counted in the new day.
      bucket.used = bucket.flying
    } else if ('startsAt' in window && window.startsAt === bucket.startsAt) bucket.endsAt = window.endsAt
    return bucket
  }

  #bucket(name: string, now?: Instant): Bucket {
    let bucket = this.#buckets.get(name)
    if (!bucket) {
      if (now !== undefined && this.#buckets.size >= this.#sweepAt) this.#sweep(now)
      bucket = {
        name,
        limit: 0,
        parkedUntil: 0,
        flying: 0,
        log: new SlidingLog(),
        rollingMs: 0,
        startsAt: Number.NEGATIVE_INFINITY,
        endsAt: Number.NEGATIVE_INFINITY,
        used: 0,
      }
      this.#buckets.set(name, bucket)
    }
    return bucket
  }

  /**
   * A call that ends after its day counts in the next one as well, also where nobody took from that yet: it begins with what is under way. How long it is
   * says whoever takes next; until then it is taken to be as long as the one before.
   */
  #turnLate({ bucket: name, amount, window }: Draw, at: Instant): void {
    const bucket = this.#buckets.get(name)!
    if (amount === 0 || !('startsAt' in window) || at < bucket.endsAt) return
    this.#endLost(at)
    const lengthMs = bucket.endsAt - bucket.startsAt
    bucket.startsAt = bucket.endsAt + Math.floor((at - bucket.endsAt) / lengthMs) * lengthMs
    bucket.endsAt = bucket.startsAt + lengthMs
    bucket.used = bucket.flying
  }

  #end(draws: readonly Draw[], at: Instant, sent: boolean): void {
    for (const { bucket: name, amount, window } of draws) {
      const bucket = this.#buckets.get(name)!
      bucket.flying -= amount
      if ('rollingMs' in window) {
        if (sent && amount > 0) bucket.log.add(at + window.rollingMs, amount)
      } else if ('startsAt' in window && (!sent || at < bucket.startsAt)) {
        bucket.used = Math.max(0, bucket.used - amount)
      }
    }
  }

  #endLost(now: Instant): void {
    // Tickets are in the order in which they were taken.
    for (const [id, ticket] of this.#tickets) {
      if (ticket.takenAt + ticketMs >= now) return
      this.#tickets.delete(id)
      this.#end(ticket.draws, ticket.takenAt + ticketMs, true)
    }
  }

  /** Forgets buckets that hold nothing, each time there are twice as many as were left the last time. */
  #sweep(now: Instant): void {
    for (const bucket of this.#buckets.values())
      if (bucket.parkedUntil <= now && bucket.flying === 0 && standing(bucket, now).used === 0)
        this.#buckets.delete(bucket.name)
    this.#sweepAt = Math.max(1024, this.#buckets.size * 2)
  }
}

function waitFor(bucket: Bucket, draw: Draw, now: Instant, lane: Lane): number {
  const parkedMs = bucket.parkedUntil - now
  if (draw.amount === 0) return parkedMs
  const { window } = draw
  const over = usedIn(bucket, window, now) + draw.amount - ceilingOf(draw, lane)
  if (over <= 0) return parkedMs
  const roomMs =
    'rollingMs' in window
      ? // What is under way leaves the window one whole window from now at the earliest.
        (bucket.log.freedAt(over) ?? now + window.rollingMs) + 1 - now
      : 'startsAt' in window
        ? Math.max(1, bucket.endsAt - now)
        : concurrentWaitMs
  return Math.max(parkedMs, roomMs)
}

function usedIn(bucket: Bucket, window: Draw['window'], now: Instant): number {
  if ('rollingMs' in window) return bucket.flying + bucket.log.sum(now)
  return 'startsAt' in window ? bucket.used : bucket.flying
}

function standing(bucket: Bucket, now: Instant): { used: number; resetsAt: Instant | null } {
  if (bucket.rollingMs > 0) {
    const used = bucket.flying + bucket.log.sum(now)
    if (used === 0) return { used, resetsAt: null }
    return { used, resetsAt: bucket.flying > 0 ? now + bucket.rollingMs : bucket.log.emptyAt() }
  }
  if (bucket.endsAt > now) return { used: bucket.used, resetsAt: bucket.endsAt }
  return { used: bucket.flying, resetsAt: null }
}

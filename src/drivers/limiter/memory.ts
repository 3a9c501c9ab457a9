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

/** In a row with the others, in the order in which they were taken. */
interface Ticket {
  readonly number: number
  takenAt: Instant
  draws: readonly Draw[]
  /** Of each draw. One that something is under way in is never forgotten. */
  readonly buckets: readonly Bucket[]
  before: Ticket | null
  after: Ticket | null
}

/** taken → settled: counts for its window, or is given back when it was not sent · taken → (after ticketMs) lost: counts as settled at that moment. */
class MemoryLimiter {
  readonly #buckets = new Map<string, Bucket>()
  /** By number: finding one by a text that was just made costs as much as everything else. */
  readonly #tickets = new Map<number, Ticket>()
  #oldest: Ticket | null = null
  #newest: Ticket | null = null
  #count = 0
  #sweepAt = 1024

  take(draws: readonly Draw[], now: Instant, lane: Lane): Taken {
    this.#endLost(now)
    let waitMs = 0
    let bucket = ''
    const buckets: Bucket[] = []
    for (let index = 0; index < draws.length; index++) {
      const draw = draws[index]!
      const own = this.#bucketOf(draw, now)
      buckets.push(own)
      const ms = waitFor(own, draw, now, lane)
      if (ms > waitMs) {
        waitMs = ms
        bucket = draw.bucket
      }
    }
    if (waitMs > 0) return { granted: false, waitMs, bucket }
    for (let index = 0; index < draws.length; index++) {
      const { amount, window } = draws[index]!
      const own = buckets[index]!
      own.flying += amount
      if ('startsAt' in window) own.used += amount
    }
    const number = ++this.#count
    const ticket: Ticket = { number, takenAt: now, draws, buckets, before: null, after: null }
    this.#tickets.set(number, ticket)
    this.#append(ticket)
    return { granted: true, ticket: String(number) }
  }

  settle(id: string, { at, sent, amount }: Parameters<Limiter['settle']>[1]): void {
    const number = Number(id)
    const ticket = this.#tickets.get(number)
    if (!ticket || ticket.takenAt + ticketMs < at || amount === 0) return
    const { draws, buckets } = ticket
    if (sent) for (let index = 0; index < draws.length; index++) this.#turnLate(draws[index]!, buckets[index]!, at)
    // Nearly every call ends as a whole: nothing need be made for it.
    if (amount === undefined) {
      this.#tickets.delete(number)
      this.#remove(ticket)
      end(draws, buckets, at, sent)
      return
    }
    const ended = draws.map((draw) => ({ ...draw, amount: Math.min(draw.amount, amount) }))
    ticket.draws = draws.map((draw, index) => ({ ...draw, amount: draw.amount - ended[index]!.amount }))
    end(ended, buckets, at, sent)
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
    const alive = new Set<string>()
    for (const id of ids) {
      const ticket = this.#tickets.get(Number(id))
      if (!ticket) continue
      alive.add(id)
      // They stay in the order in which they are over.
      this.#remove(ticket)
      ticket.takenAt = now
      this.#append(ticket)
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
  #turnLate({ amount, window }: Draw, bucket: Bucket, at: Instant): void {
    if (amount === 0 || !('startsAt' in window) || at < bucket.endsAt) return
    this.#endLost(at)
    const lengthMs = bucket.endsAt - bucket.startsAt
    bucket.startsAt = bucket.endsAt + Math.floor((at - bucket.endsAt) / lengthMs) * lengthMs
    bucket.endsAt = bucket.startsAt + lengthMs
    bucket.used = bucket.flying
  }

  #endLost(now: Instant): void {
    for (let ticket = this.#oldest; ticket !== null && ticket.takenAt + ticketMs < now; ticket = this.#oldest) {
      this.#tickets.delete(ticket.number)
      this.#remove(ticket)
      end(ticket.draws, ticket.buckets, ticket.takenAt + ticketMs, true)
    }
  }

  #append(ticket: Ticket): void {
    ticket.before = this.#newest
    if (this.#newest === null) this.#oldest = ticket
    else this.#newest.after = ticket
    this.#newest = ticket
  }

  #remove(ticket: Ticket): void {
    if (ticket.before === null) this.#oldest = ticket.after
    else ticket.before.after = ticket.after
    if (ticket.after === null) this.#newest = ticket.before
    else ticket.after.before = ticket.before
    ticket.before = null
    ticket.after = null
  }

  /** Forgets buckets that hold nothing, each time there are twice as many as were left the last time. */
  #sweep(now: Instant): void {
    for (const bucket of this.#buckets.values())
      if (bucket.parkedUntil <= now && bucket.flying === 0 && standing(bucket, now).used === 0)
        this.#buckets.delete(bucket.name)
    this.#sweepAt = Math.max(1024, this.#buckets.size * 2)
  }
}

function end(draws: readonly Draw[], buckets: readonly Bucket[], at: Instant, sent: boolean): void {
  for (let index = 0; index < draws.length; index++) {
    const { amount, window } = draws[index]!
    const bucket = buckets[index]!
    bucket.flying -= amount
    if ('rollingMs' in window) {
      if (sent && amount > 0) bucket.log.add(at + window.rollingMs, amount)
    } else if ('startsAt' in window && (!sent || at < bucket.startsAt)) {
      bucket.used = Math.max(0, bucket.used - amount)
    }
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

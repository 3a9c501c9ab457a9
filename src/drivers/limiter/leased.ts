import type { Clock, Instant } from '../../ports/clock.ts'
import { type Draw, type Limiter, ticketMs } from '../../ports/limiter.ts'
import type { Log } from '../../ports/log.ts'
import type { Lane } from '../../ports/schedule.ts'

/**
 * A shared limiter that need not be asked for each call. Where a process calls a bucket again and its limit is wide, it takes a block for some seconds
 * and hands it out by itself; what is left goes back. A block counts in full while it is out, so a limit holds for all processes together as
 * before: what this costs is that the last hundredths of a quota are at times somebody's block. A process that has not heard for a second what is
 * parked, because the shared limiter does not answer, hands out nothing.
 *
 * Blocks leave alone what has to be exact: a limit that a hundredth of is less than two calls, what bounds how many run at once, and the reserve of
 * the interactive lane, since they are taken as the lowest one. When a bucket has no room for a block, each call is decided by itself.
 *
 * A block is out → (its time, another day, a stop, or all of it handed out) closed: the calls that ended and what is left are told together, the calls
 * under way when they have ended → gone. When the process dies, the shared limiter counts the whole block until it takes its ticket for lost.
 */
export function openLeasedLimiter(
  shared: Limiter,
  deps: { readonly clock: Clock; readonly log: Log },
): Limiter & { close(): Promise<void> } {
  const { clock, log } = deps
  const buckets = new Map<string, Bucket>()
  const tickets = new Map<string, Ticket>()
  const closed = new Set<Block>()
  const ending = new AbortController()
  let count = 0
  let watching = false
  /** When the shared limiter was last asked what is parked, and answered. */
  let heardAt = Number.NEGATIVE_INFINITY
  /** Since then it does not answer, and the log was told so. */
  let deaf = false

  return {
    async take(draws, { now, lane }) {
      const leased: Hold[] = []
      const others: Draw[] = []
      const asked = draws.map((draw) => refill(bucketOf(draw, now), draw, now)).filter((asking) => asking !== null)
      // Nearly always the blocks are there: then nothing is waited for.
      if (asked.length > 0) await Promise.all(asked)
      for (const draw of draws) {
        const block = blockFor(draw, now)
        if (block) leased.push(hold(block, draw.amount))
        else others.push(draw)
      }
      if (leased.length === 0) return shared.take(draws, { now, lane })
      const other = others.length > 0 ? await takeOthers(leased, others, now, lane) : null
      if (other && !other.granted) return other
      const ticket = `leased ${++count}`
      tickets.set(ticket, { takenAt: now, leased, other: other?.ticket ?? null })
      return { granted: true, ticket }
    },

    async settle(id, ended) {
      const ticket = tickets.get(id)
      if (!ticket) return shared.settle(id, ended)
      const { at, sent, amount } = ended
      if (amount === undefined) tickets.delete(id)
      for (const held of ticket.leased) giveBack(held, at, sent, amount)
      if (ticket.other !== null) await shared.settle(ticket.other, ended)
    },

    park(name, until) {
      const bucket = buckets.get(name)
      // From here on the shared limiter is asked, and says how long.
      if (bucket) stop(bucket, clock.now())
      return shared.park(name, until)
    },

    stops: (now) => shared.stops(now),
    learn: (draw, used, now) => shared.learn(draw, used, now),
    usage: (prefix, now) => shared.usage(prefix, now),
    ...(shared.standing && { standing: () => shared.standing!() }),
    ...(shared.sweep && { sweep: (now: Instant) => shared.sweep!(now) }),

    async close() {
      ending.abort()
      for (const bucket of buckets.values()) bucket.block = closeBlock(bucket.block)
      await tellAll(Number.POSITIVE_INFINITY)
    },
  }

  /** All or none: what this process holds already goes back when the rest is refused. */
  async function takeOthers(leased: readonly Hold[], others: readonly Draw[], now: Instant, lane: Lane) {
    let granted = false
    try {
      const taken = await shared.take(others, { now, lane })
      granted = taken.granted
      return taken
    } finally {
      if (!granted) for (const held of leased) giveBack(held, now, false)
    }
  }

  /** The bucket, with this call counted to tell how often it is asked. */
  function bucketOf({ bucket: name, amount }: Draw, now: Instant): Bucket {
    let bucket = buckets.get(name)
    if (!bucket) {
      bucket = { name, since: now, asked: 0, askedBefore: 0, block: null, asking: null, exactUntil: 0 }
      buckets.set(name, bucket)
    }
    if (now - bucket.since >= leaseMs) {
      bucket.askedBefore = now - bucket.since < 2 * leaseMs ? bucket.asked : 0
      Object.assign(bucket, { since: now, asked: 0 })
    }
    bucket.asked += amount
    if (!watching) void watch()
    return bucket
  }

  function blockFor(draw: Draw, now: Instant): Block | null {
    const block = buckets.get(draw.bucket)?.block ?? null
    return block && draw.amount > 0 && hasHeard(now) && fits(block, draw, now) ? block : null
  }

  /** What was heard in the future was heard before the clock was set back. */
  function hasHeard(now: Instant): boolean {
    return Math.abs(now - heardAt) < mostUnheardMs
  }

  /** Sees to it that there is a block for the draw where blocks pay. Everybody who needs one waits for the same question. */
  function refill(bucket: Bucket, draw: Draw, now: Instant): Promise<void> | null {
    if (draw.amount === 0 || 'concurrent' in draw.window || now < bucket.exactUntil || !hasHeard(now)) return null
    if (bucket.block && fits(bucket.block, draw, now)) return null
    const often = Math.max(bucket.asked, bucket.askedBefore)
    const amount = Math.min(Math.ceil(often * headroom), Math.floor(draw.limit / 100))
    if (often < draw.amount * 2 || amount < 2 * draw.amount) return null
    bucket.block = closeBlock(bucket.block)
    bucket.asking ??= ask(bucket, { ...draw, amount }, now).finally(() => {
      bucket.asking = null
    })
    return bucket.asking
  }

  async function ask(bucket: Bucket, draw: Draw, now: Instant): Promise<void> {
    const taken = await shared.take([draw], { now, lane: 'backfill' })
    if (!taken.granted) {
      // Tight, or parked.
      bucket.exactUntil = now + exactMs
      return
    }
    const { amount: left, limit, window } = draw
    bucket.block = {
      ticket: taken.ticket,
      limit,
      window,
      until: now + leaseMs,
      left,
      flying: 0,
      ended: 0,
      endedAt: 0,
      tellAt: 0,
    }
  }

  function stop(bucket: Bucket, now: Instant): void {
    bucket.exactUntil = now + exactMs
    bucket.block = closeBlock(bucket.block)
  }

  function closeBlock(block: Block | null): null {
    if (block) closed.add(block)
    return null
  }

  /** While anything is out or was asked for lately, looks around four times a second. */
  async function watch(): Promise<void> {
    if (watching) return
    watching = true
    while (!ending.signal.aborted && (buckets.size > 0 || closed.size > 0)) {
      await hear(clock.now())
      lookAround(clock.now())
      await tellAll(clock.now())
      await clock.sleep(lookEveryMs, ending.signal).catch(() => {})
    }
    watching = false
  }

  /** What is parked, wherever that was heard. */
  async function hear(now: Instant): Promise<void> {
    try {
      for (const name of (await shared.stops(now)).keys()) {
        const bucket = buckets.get(name)
        if (bucket) stop(bucket, now)
      }
      heardAt = now
      deaf = false
    } catch (error) {
      if (!deaf) log.warn('quota.stops_not_heard', { error })
      deaf = true
    }
  }

  function lookAround(now: Instant): void {
    for (const bucket of buckets.values()) {
      if (bucket.block && bucket.block.until <= now) bucket.block = closeBlock(bucket.block)
      const quiet = now - bucket.since > 2 * leaseMs && now >= bucket.exactUntil
      if (quiet && !bucket.block && !bucket.asking) buckets.delete(bucket.name)
    }
    // The shared limiter gave them up at that age. Tickets are in the order in which they were taken.
    for (const block of closed) if (block.until + ticketMs < now) closed.delete(block)
    for (const [id, { takenAt }] of tickets) {
      if (takenAt + ticketMs >= now) break
      tickets.delete(id)
    }
  }

  /** What cannot be told counts as under way until the shared limiter takes it for lost: longer than it had to, never shorter. */
  async function tellAll(now: Instant): Promise<void> {
    const ready = [...closed].filter(({ flying, tellAt }) => flying === 0 || tellAt <= now)
    const telling = ready.map((block) => tell(block))
    for (const told of await Promise.allSettled(telling))
      if (told.status === 'rejected') log.warn('quota.block_not_settled', { error: told.reason })
  }

  async function tell(block: Block): Promise<void> {
    const { ticket, left, ended, endedAt, flying } = block
    Object.assign(block, { left: 0, ended: 0, tellAt: clock.now() + tellEveryMs })
    if (flying === 0) closed.delete(block)
    const at = ended > 0 ? endedAt : clock.now()
    if (ended > 0) await tellEnded(block, { at, amount: ended })
    if (flying === 0) await shared.settle(ticket, { at, sent: false })
    else if (left > 0) await shared.settle(ticket, { at, sent: false, amount: left })
  }

  /** Where that fails the block is told no more, and counts until its ticket is lost: at its end these calls would be given back as if they had not been. */
  async function tellEnded(block: Block, ended: { at: Instant; amount: number }): Promise<void> {
    try {
      await shared.settle(block.ticket, { ...ended, sent: true })
    } catch (error) {
      closed.delete(block)
      throw error
    }
  }
}

/** How long a block is out. With the longest call that began in it, its ticket is still younger than the limiter's patience. */
const leaseMs = 10_000
/** A block is this much more than what was asked for lately. */
const headroom = 1.25
/** For how long a bucket is asked call by call after it had no room for a block. */
const exactMs = 1_000
const lookEveryMs = 250
const mostUnheardMs = 1_000
const tellEveryMs = 500

/** What this process knows of a bucket. */
interface Bucket {
  readonly name: string
  /** How much was asked for since then, and in the `leaseMs` before. */
  since: Instant
  asked: number
  askedBefore: number
  block: Block | null
  asking: Promise<void> | null
  /** Until then each call is decided by itself. */
  exactUntil: Instant
}

interface Block {
  /** The shared limiter's. */
  readonly ticket: string
  readonly limit: number
  readonly window: Draw['window']
  readonly until: Instant
  left: number
  flying: number
  /** Calls that ended, the last of them at `endedAt`: all of them count from then. */
  ended: number
  endedAt: Instant
  /** Of a closed block with calls under way: when the shared limiter hears of those that ended meanwhile. */
  tellAt: Instant
}

interface Ticket {
  readonly takenAt: Instant
  readonly leased: readonly Hold[]
  /** Of what was taken from the shared limiter itself. */
  readonly other: string | null
}

/** What a call holds of a block. */
interface Hold {
  readonly block: Block
  amount: number
}

function hold(block: Block, amount: number): Hold {
  block.left -= amount
  block.flying += amount
  return { block, amount }
}

function giveBack(held: Hold, at: Instant, sent: boolean, most = Number.POSITIVE_INFINITY): void {
  const { block } = held
  const amount = Math.min(held.amount, most)
  held.amount -= amount
  block.flying -= amount
  if (sent) {
    block.ended += amount
    block.endedAt = Math.max(block.endedAt, at)
  } else block.left += amount
}

/** A block is of one window and one limit, as they were when it was taken. */
function fits(block: Block, draw: Draw, now: Instant): boolean {
  const sameWindow =
    'rollingMs' in block.window
      ? 'rollingMs' in draw.window && draw.window.rollingMs === block.window.rollingMs
      : 'startsAt' in block.window && 'startsAt' in draw.window && draw.window.startsAt === block.window.startsAt
  return block.left >= draw.amount && now < block.until && block.limit === draw.limit && sameWindow
}

import type { Clock, Instant } from '../../ports/clock.ts'
import { type Draw, type Limiter, type Renewing, type Taken, ticketMs, type Usage } from '../../ports/limiter.ts'
import type { Log } from '../../ports/log.ts'
import type { Lane } from '../../ports/schedule.ts'
import type { Loan, RedisLimiter } from './redis.ts'
import { RedisAway } from './redis-link.ts'

/**
 * A limiter that is the record, and a quick one that may forget anything at any time: Redis. The record lends it a part of a bucket, half of the
 * limit: takes that much as one ticket and renews the ticket for as long as the loan is in use. Calls then draw from the loan without asking the record;
 * where it has no room, or Redis does not answer, the record decides as it always did, with its other half at once.
 *
 * Why no window can be overspent, whatever happens to Redis:
 * 1. The record never grants more than the limit in any window, and a loan is to it a call of that amount which is under way: it counts in full from
 *    before the first call that draws from it.
 * 2. A loan is told to Redis once, by the process whose ticket it is, and never again: when the answer is lost, the loan is. It stands in one key with
 *    everything that was drawn from it. A flush, an eviction, a restart, a failover take the loan along with what it knew, and what a snapshot brings
 *    back goes by another name; so whatever grants from a loan knows of everything that was granted from it, and grants no more than its amount in any
 *    window, being as exact as the memory driver.
 * 3. It grants for `loanMs` since the ticket was renewed at most, as each process counts time; renewing it in the record comes first. The record counts a
 *    ticket that is renewed no more for `ticketMs`, which the longest call fits into after that, and then for a whole window.
 * A script that was asked for and answered too late, after a pause for instance, has drawn for a call that never is.
 *
 * What it costs: for as long as the record takes a forgotten loan for under way, that half of the bucket is idle. Calendar days, where this would last
 * until midnight, concurrency, and limits too small for halves stay in the record.
 *
 * Nothing is lent → lent (one process renews it) → idle: told to the record with what its window holds, given back · its process is gone: the next who
 * asks renews it in its place · forgotten by Redis, or not renewed in time: counts until the record takes the ticket for lost.
 */
export function openLentLimiter(
  record: Limiter & Renewing,
  redis: RedisLimiter & { readonly reached: () => boolean },
  deps: { readonly clock: Clock; readonly log: Log },
): Limiter & { close(): Promise<void> } {
  const { clock, log } = deps
  /** Loans that this process renews. */
  const loans = new Map<string, Loan>()
  /** Buckets that are being lent of, and those that nothing could be lent of, with when it may be worth asking again. */
  const lending = new Map<string, Promise<boolean>>()
  const tight = new Map<string, Instant>()
  const stops = { at: new Map<string, Instant>() as ReadonlyMap<string, Instant>, heardAt: Number.NEGATIVE_INFINITY }
  let hearing: Promise<void> | null = null
  let watching: Promise<void> | null = null
  const ending = new AbortController()

  return {
    async take(draws, options) {
      const { now } = options
      const quick = draws.filter(isLendable)
      const rest = draws.filter((draw) => draw.amount > 0 && !isLendable(draw))
      if (rest.length === draws.length) return record.take(draws, options)
      // What was heard in the future was heard before the clock was set back.
      if (Math.abs(now - stops.heardAt) >= mostUnheardMs) await hear(now)
      if (draws.some(({ bucket }) => (stops.at.get(bucket) ?? 0) > now)) return record.take(draws, options)
      const drawn = quick.length > 0 ? await draw(quick, options) : ''
      if (typeof drawn === 'string') return withRest(drawn, rest, options)
      const taken = await record.take(draws, options)
      return taken.granted || drawn === null || taken.waitMs <= drawn.waitMs ? taken : drawn
    },

    async settle(ticket, ended) {
      if (!ticket.startsWith(quickly)) return record.settle(ticket, ended)
      const [drawn = '', rest = ''] = ticket.slice(quickly.length).split('\t')
      const settled = [drawn && giveBack(drawn, ended), rest && record.settle(rest, ended)]
      await Promise.all(settled)
    },

    async park(bucket, until) {
      await record.park(bucket, until)
      const holding = [...stops.at].filter(([, at]) => at > clock.now())
      stops.at = new Map(holding).set(bucket, Math.max(stops.at.get(bucket) ?? 0, until))
    },

    async stops(now) {
      await hear(now)
      return stops.at
    },

    learn,
    usage,
    standing: () => (redis.reached() ? 'Redis answers' : 'Redis is away, PostgreSQL decides'),

    async sweep(now) {
      const [swept = 0, names] = await Promise.all([record.sweep?.(now), unlessAway(redis.sweep(now))])
      return swept + (names ?? 0)
    },

    /** Loans that are out stay so: another process goes on with them, or the record takes them for lost. */
    async close() {
      ending.abort()
      await watching
    },
  }

  /** All or none. */
  async function withRest(drawn: string, rest: readonly Draw[], options: { now: Instant; lane: Lane }): Promise<Taken> {
    if (rest.length === 0) return { granted: true, ticket: `${quickly}${drawn}` }
    let granted = false
    try {
      const taken = await record.take(rest, options)
      granted = taken.granted
      return taken.granted ? { granted: true, ticket: `${quickly}${drawn}\t${taken.ticket}` } : taken
    } finally {
      if (!granted && drawn) await giveBack(drawn, { at: options.now, sent: false })
    }
  }

  /** What cannot be told counts as under way until it is taken for lost: longer than it had to, never shorter. */
  async function giveBack(drawn: string, ended: Parameters<Limiter['settle']>[1]): Promise<void> {
    await unlessAway(redis.settle(drawn, ended))
  }

  /** The ticket; or how long the loans have no room; null where the record has to decide. */
  async function draw(
    draws: readonly Draw[],
    options: { now: Instant; lane: Lane },
  ): Promise<string | null | (Taken & { granted: false })> {
    // Each of them may have to be lent first.
    for (let attempt = 0; attempt <= draws.length; attempt++) {
      const drawn = await unlessAway(redis.takeLoans(draws, options))
      if (drawn === null) return null
      if (drawn.state === 'granted') return drawn.ticket
      if (drawn.state === 'full') return { granted: false, waitMs: drawn.waitMs, bucket: drawn.bucket }
      if (!(await lendOnce(drawn.draw, drawn.ticket, options.now))) return null
    }
    return null
  }

  /** Everybody who needs the same loan waits for the same question. */
  function lendOnce(draw: Draw, before: string | null, now: Instant): Promise<boolean> {
    const { bucket } = draw
    if ((tight.get(bucket) ?? 0) > now) return Promise.resolve(false)
    let asked = lending.get(bucket)
    if (!asked) {
      asked = lend(draw, before, now).finally(() => lending.delete(bucket))
      lending.set(bucket, asked)
    }
    return asked
  }

  /** True: something may be lent of it now, by whomever. */
  async function lend(draw: Draw, before: string | null, now: Instant): Promise<boolean> {
    const { bucket } = draw
    const until = now + loanMs
    if (!('rollingMs' in draw.window)) return false
    const { rollingMs } = draw.window
    const share = shareOf(draw.limit)
    if (before !== null && (await record.renew([before], now)).has(before)) {
      const options = { now, until, idleSince: Number.NEGATIVE_INFINITY }
      const extended = await unlessAway(redis.extend([{ bucket, ticket: before }], options))
      if (extended?.[0]?.state === 'kept') keep({ bucket, ticket: before, share, rollingMs, until })
      return extended !== null
    }
    const taken = await record.take([{ ...draw, amount: share }], { now, lane: 'backfill' })
    if (!taken.granted) {
      if (tight.size >= mostTight) tight.clear()
      tight.set(bucket, now + tightMs)
      return false
    }
    const loan = { bucket, ticket: taken.ticket, share, rollingMs, until }
    const lent = await unlessAway(redis.lend(loan, now))
    if (lent) keep(loan)
    // Somebody else was quicker. Only that is known not to have been lent.
    else if (lent === false) await record.settle(taken.ticket, { at: now, sent: false })
    return lent !== null
  }

  function keep(loan: Loan): void {
    loans.set(loan.bucket, loan)
    watching ??= watch().finally(() => {
      watching = null
    })
  }

  async function watch(): Promise<void> {
    while (loans.size > 0 && !ending.signal.aborted) {
      await clock.sleep(renewEveryMs, ending.signal).catch(() => {})
      if (ending.signal.aborted) return
      const all = [...loans.values()]
      for (let from = 0; from < all.length; from += atOnce) {
        try {
          await renew(all.slice(from, from + atOnce), clock.now())
        } catch (error) {
          // They run out, and whoever needs them asks again.
          log.warn('quota.loans_not_renewed', { error })
        }
      }
    }
  }

  async function renew(some: readonly Loan[], now: Instant): Promise<void> {
    const tickets = some.map(({ ticket }) => ticket)
    const alive = await record.renew(tickets, now)
    const goingOn = some.filter(({ ticket }) => alive.has(ticket))
    const options = { now, until: now + loanMs, idleSince: now - idleMs }
    const extended = goingOn.length > 0 ? await unlessAway(redis.extend(goingOn, options)) : []
    for (const loan of some) {
      const { state, used, endedAt } = extended?.[goingOn.indexOf(loan)] ?? { state: 'gone', used: 0, endedAt: now }
      if (state === 'kept') continue
      if (loans.get(loan.bucket) === loan) loans.delete(loan.bucket)
      if (state === 'gone') continue
      if (used > 0) await record.settle(loan.ticket, { at: endedAt, sent: true, amount: used })
      await record.settle(loan.ticket, { at: now, sent: false })
    }
  }

  /** What is parked, wherever that was heard. */
  async function hear(now: Instant): Promise<void> {
    hearing ??= record
      .stops(now)
      .then((at) => {
        // What this process parked meanwhile is not lost.
        const own = [...stops.at].filter(([bucket, until]) => until > now && (at.get(bucket) ?? 0) < until)
        stops.at = own.length > 0 ? new Map([...at, ...own]) : at
        stops.heardAt = now
      })
      .finally(() => {
        hearing = null
      })
    return hearing
  }

  /** What others used is beside all that is ours. It is kept in the record; where that has no room for it, the loan has less. */
  async function learn(draw: Omit<Draw, 'amount'>, used: number, now: Instant): Promise<void> {
    const isOurs = ({ bucket }: { bucket: string }) => bucket === draw.bucket
    const lent = 'rollingMs' in draw.window ? await loansIn(draw.bucket, now) : []
    const loan = lent.find(({ usage }) => isOurs(usage))
    if (!loan) return record.learn(draw, used, now)
    const recorded = (await record.usage(draw.bucket, now)).find(isOurs)?.used ?? 0
    const foreign = used - Math.max(0, recorded - loan.share) - loan.usage.used
    if (foreign <= 0) return
    await record.learn(draw, Math.min(recorded + foreign, draw.limit), now)
    const over = recorded + foreign - draw.limit
    if (over > 0) await unlessAway(redis.learn(draw, loan.usage.used + over, now))
  }

  /** A loan is counted as what was drawn from it. While Redis is away it is counted in full. */
  async function usage(prefix: string, now: Instant): Promise<Usage[]> {
    const [recorded, lent] = await Promise.all([record.usage(prefix, now), loansIn(prefix, now)])
    const byBucket = new Map(lent.map((loan) => [loan.usage.bucket, loan]))
    return recorded
      .map((usage) => {
        const loan = byBucket.get(usage.bucket)
        if (!loan) return usage
        const others = Math.max(0, usage.used - loan.share)
        const used = others + loan.usage.used
        const resetsAt = used === 0 ? null : others === 0 ? loan.usage.resetsAt : usage.resetsAt
        return { ...usage, used, resetsAt }
      })
      .filter(({ used, parkedUntil }) => used > 0 || parkedUntil !== null)
  }

  async function loansIn(prefix: string, now: Instant) {
    const found = (await unlessAway(redis.usageOfLoans(prefix, now))) ?? []
    return found.filter(({ share }) => share > 0)
  }
}

/** Null where Redis did not answer: the link says so in the log, once an outage. */
async function unlessAway<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof RedisAway) return null
    throw error
  }
}

/** Below that the reserve of the interactive lane would be lost in two halves. */
const leastLimit = 20
const shareOf = (limit: number) => Math.floor(limit / 2)

function isLendable({ amount, limit, window }: Draw): boolean {
  return 'rollingMs' in window && limit >= leastLimit && amount > 0 && amount <= shareOf(limit)
}

/** How long a loan is good for. With the longest call that began in it, its ticket is still younger than the record's patience. */
const loanMs = Math.min(10_000, ticketMs / 10)
const renewEveryMs = 3_000
/** A loan that nobody asks for so long is given back. */
const idleMs = 15_000
const atOnce = 200
/** For how long nothing is lent of a bucket that had no room for it. */
const tightMs = 1_000
const mostTight = 10_000
const mostUnheardMs = 1_000
/** How a ticket begins that was drawn from loans, at least in part. */
const quickly = 'quick '

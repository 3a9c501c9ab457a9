import { randomUUID } from 'node:crypto'
import type { Instant } from '../../ports/clock.ts'
import type { Draw, Limiter, Usage } from '../../ports/limiter.ts'
import type { Lane } from '../../ports/schedule.ts'
import { inTurns } from '../database/together.ts'
import { type RedisLink, type Reply, redisScripts } from './redis-link.ts'
import { ceilingOf } from './room.ts'

/** What may be drawn from a bucket of Redis, and until when, because `ticket` holds as much of it in the limiter that is the record. */
export interface Loan {
  readonly bucket: string
  readonly ticket: string
  readonly share: number
  readonly rollingMs: number
  readonly until: Instant
}

export type TakenOfLoans =
  | { readonly state: 'granted'; readonly ticket: string }
  | { readonly state: 'full'; readonly waitMs: number; readonly bucket: string }
  /** Nothing is lent of this bucket, or was under that ticket and no longer is. */
  | { readonly state: 'not lent'; readonly draw: Draw; readonly ticket: string | null }

export interface Extended {
  readonly state: 'kept' | 'gone' | 'idle'
  /** Of an idle one, which is not lent any more: what its window holds, and when the last of it ended. */
  readonly used: number
  readonly endedAt: Instant
}

/** What a bucket of Redis holds, and how much of it is lent: 0 where nothing is. */
export interface LentUsage {
  readonly usage: Usage
  readonly share: number
}

export interface RedisLimiter extends Required<Omit<Limiter, 'standing'>> {
  /** As `take`, of buckets that something is lent of, and of no more than that. */
  takeLoans(draws: readonly Draw[], options: { now: Instant; lane: Lane }): Promise<TakenOfLoans>
  /** False: something is lent of it already. A bucket whose loan is over begins anew. */
  lend(loan: Loan, now: Instant): Promise<boolean>
  /** Goes on with those that somebody asked since `idleSince`, and ends the others, of which no call is under way. */
  extend(
    loans: readonly Pick<Loan, 'bucket' | 'ticket'>[],
    options: { now: Instant; until: Instant; idleSince: Instant },
  ): Promise<Extended[]>
  usageOfLoans(prefix: string, now: Instant): Promise<LentUsage[]>
}

/**
 * Quotas that several processes share in Redis. Each operation is one script, and takes and settles that are wanted at the same time are one together. It
 * decides as the memory driver does; a test compares the two. It is exact for as long as Redis remembers, which nobody can rely on: what a server uses is
 * `lent.ts`, which lends it parts of buckets and can do without them.
 */
export function openRedisLimiter(link: RedisLink): RedisLimiter {
  // Calls that draw from the same bucket come together; other buckets are decided meanwhile.
  const turn = inTurns<Wish, readonly (string | undefined)[]>({ atOnce: 1 }, async (_, wishes) =>
    JSON.parse(String(await link.run(redisScripts.turn, [JSON.stringify(wishes)]))),
  )

  const take = async (draws: readonly Draw[], { now, lane }: { now: Instant; lane: Lane }, kind: 'all' | 'lent') => {
    const id = randomUUID()
    const wanted = draws.map((draw) => {
      const page = pageOf(draw)
      const stored = `${draw.amount} ${now} ${page[1]} ${page[1] === 'rolling' ? page[2] : 0}`
      return [draw.bucket, draw.amount, ceilingOf(draw, lane), ...page, stored]
    })
    const reply = await turn(draws[0]!.bucket, ['take', now, id, kind === 'lent', wanted])
    return { reply, ticket: [id, ...draws.filter(({ amount }) => amount > 0).map(({ bucket }) => bucket)].join('\n') }
  }

  const readUsage = async (prefix: string, now: Instant) => {
    const reply = listOf(await link.run(redisScripts.usage, [now, prefix]))
    return inGroups(reply, 6).map((group): LentUsage => {
      const [used = 0, limit = 0, parkedUntil = 0, resetsAt = 0, share = 0] = group.slice(0, 5).map(Number)
      const until = { parkedUntil: parkedUntil || null, resetsAt: resetsAt || null }
      return { usage: { bucket: String(group[5]), used, limit, ...until }, share }
    })
  }

  return {
    async take(draws, options) {
      if (draws.length === 0) return { granted: true, ticket: 'free' }
      const { reply, ticket } = await take(draws, options, 'all')
      if (reply[0] === 'granted') return { granted: true, ticket }
      return { granted: false, waitMs: Number(reply[1]), bucket: draws[Number(reply[2]) - 1]!.bucket }
    },

    async takeLoans(draws, options) {
      const { reply, ticket } = await take(draws, options, 'lent')
      if (reply[0] === 'granted') return { state: 'granted', ticket }
      if (reply[0] === 'not_lent')
        return { state: 'not lent', draw: draws[Number(reply[1]) - 1]!, ticket: reply[2] || null }
      return { state: 'full', waitMs: Number(reply[1]), bucket: draws[Number(reply[2]) - 1]!.bucket }
    },

    async settle(text, { at, sent, amount }) {
      const [id = '', ...buckets] = text.split('\n')
      if (buckets.length === 0 || amount === 0) return
      // Parts of a ticket count each by itself.
      const part = amount === undefined ? id : randomUUID()
      await turn(buckets[0]!, ['settle', at, id, sent, amount ?? false, part, buckets])
    },

    async park(bucket, until) {
      await link.run(redisScripts.park, [bucket, until])
    },

    async stops(now) {
      const reply = listOf(await link.run(redisScripts.stops, [now]))
      return new Map(inGroups(reply, 2).map(([bucket, until]) => [String(bucket), Number(until)]))
    },

    async learn(draw, used, now) {
      await link.run(redisScripts.learn, [now, used, randomUUID(), draw.bucket, ...pageOf(draw)])
    },

    async usage(prefix, now) {
      const found = await readUsage(prefix, now)
      return found.map(({ usage }) => usage).filter(({ used, parkedUntil }) => used > 0 || parkedUntil !== null)
    },

    usageOfLoans: readUsage,

    sweep: async () => Number(await link.run(redisScripts.sweep, [])),

    async lend({ bucket, ticket, share, rollingMs, until }, now) {
      return (await link.run(redisScripts.lend, [now, bucket, ticket, share, rollingMs, until])) === 1
    },

    async extend(loans, { now, until, idleSince }) {
      const names = loans.flatMap(({ bucket, ticket }) => [bucket, ticket])
      const reply = listOf(await link.run(redisScripts.extend, [now, until, idleSince, ...names]))
      return inGroups(reply, 3).map(([state, used, endedAt]) => ({
        state: state as Extended['state'],
        used: Number(used),
        endedAt: Number(endedAt),
      }))
    },
  }
}

type Wish =
  | readonly ['take', now: Instant, id: string, lent: boolean, draws: readonly (readonly (string | number)[])[]]
  | readonly [
      'settle',
      at: Instant,
      id: string,
      sent: boolean,
      amount: number | false,
      part: string,
      buckets: readonly string[],
    ]

/** Limit and window, as the scripts read them. */
function pageOf({ limit, window }: Omit<Draw, 'amount'>): (string | number)[] {
  if ('rollingMs' in window) return [limit, 'rolling', window.rollingMs, 0]
  return 'startsAt' in window ? [limit, 'fixed', window.startsAt, window.endsAt] : [limit, 'concurrent', 0, 0]
}

const listOf = (reply: Reply): readonly Reply[] => (Array.isArray(reply) ? reply : [])

function inGroups(reply: readonly Reply[], size: number): (readonly Reply[])[] {
  return Array.from({ length: reply.length / size }, (_, index) => reply.slice(index * size, (index + 1) * size))
}

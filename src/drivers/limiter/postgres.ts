import { randomUUID } from 'node:crypto'
import type { Instant } from '../../ports/clock.ts'
import type { Database, Sql } from '../../ports/database.ts'
import type { Draw, Limiter, Renewing, Taken } from '../../ports/limiter.ts'
import type { Lane } from '../../ports/schedule.ts'
import { inTurns } from '../database/together.ts'
import { addForeignDraw } from './queries/add-foreign-draw.ts'
import { findRoom } from './queries/find-room.ts'
import { lockBuckets } from './queries/lock-buckets.ts'
import { makeBuckets } from './queries/make-buckets.ts'
import { parkBucket } from './queries/park-bucket.ts'
import { readBuckets, type StoredBucket } from './queries/read-buckets.ts'
import { readStops } from './queries/read-stops.ts'
import { readUsage } from './queries/read-usage.ts'
import { renewTickets } from './queries/renew-tickets.ts'
import { settlePart } from './queries/settle-part.ts'
import { type Ended, settleTickets } from './queries/settle-tickets.ts'
import { sweepDraws } from './queries/sweep-draws.ts'
import { turnLate } from './queries/turn-late.ts'
import { writeDraws } from './queries/write-draws.ts'
import { ceilingOf, concurrentWaitMs } from './room.ts'

/**
 * Quotas that several processes share. Decisions are made in turns: one transaction holds the rows of all buckets that are asked for at that moment and
 * decides one after the other, so what is exact for one process is exact for all of them, and one commit serves everybody who waited for it. It
 * decides as the memory driver does; a test compares the two.
 */
export function openPostgresLimiter(database: Database): Required<Omit<Limiter, 'standing'>> & Renewing {
  const buckets = openBuckets()
  // Calls to one provider wait for the same rows in any case; those to another do not wait for them.
  const turn = inTurns<Wish, Taken | null>({ atOnce: 2 }, async (_, wishes) => {
    const { answers, written } = await database.system((sql) => decide(sql, buckets, wishes))
    await written
    return answers
  })

  return {
    async take(draws, { now, lane }) {
      const [first] = draws
      if (!first) return { granted: true, ticket: 'free' }
      for (const draw of draws) ceilingOf(draw, lane)
      const place = placeOf(first.bucket)
      return (await turn(place, { want: 'take', ticket: `${place}/${randomUUID()}`, draws, now, lane }))!
    },

    async settle(ticket, ended) {
      if (ended.amount === 0) return
      await turn(placeOf(ticket), { want: 'settle', ticket, ...ended })
    },

    park: (bucket, until) => database.system((sql) => parkBucket(sql, bucket, until)),

    stops: (now) => database.system((sql) => readStops(sql, now)),

    learn: (draw, used, now) =>
      database.system(async (sql) => {
        const standing = (await buckets.hold(sql, [draw], [], now)).get(draw.bucket)!
        turnPage(standing, draw)
        const { bucket, window } = draw
        if ('rollingMs' in window && used > standing.rolling) {
          const foreign = { bucket, ticket: randomUUID(), amount: used - standing.rolling, ...window, now }
          await addForeignDraw(sql, foreign)
        }
        if ('startsAt' in window && window.startsAt === standing.startsAt) standing.used = Math.max(used, standing.used)
        await writeDraws(sql, [standing], [], now)
      }),

    usage: (prefix, now) => database.system((sql) => readUsage(sql, prefix, now)),

    renew: (tickets, now) => database.system((sql) => renewTickets(sql, tickets, now)),

    sweep: (now) => database.system((sql) => sweepDraws(sql, now, 1000)),
  }
}

type Wish = Take | Settle

interface Settle extends Ended {
  readonly want: 'settle'
  readonly amount?: number
}

interface Take {
  readonly want: 'take'
  readonly ticket: string
  readonly draws: readonly Draw[]
  readonly now: Instant
  readonly lane: Lane
}

/** The provider. */
const placeOf = (name: string) => name.slice(0, name.indexOf('/'))

/** A bucket as it stands in the middle of a turn. */
interface Standing {
  readonly bucket: string
  limit: number
  rollingMs: number | null
  readonly parkedUntil: Instant
  rolling: number
  flying: number
  /** The newest calendar window seen. */
  startsAt: Instant | null
  endsAt: Instant | null
  used: number
  changed: boolean
  /** When so much is free again: many are refused in one turn for the same reason. */
  readonly rooms: Map<number, Instant | null>
}

/** What ended first, so that its room is there for those who ask. `written` goes along with the COMMIT. */
async function decide(
  sql: Sql,
  buckets: Buckets,
  wishes: readonly Wish[],
): Promise<{ answers: (Taken | null)[]; written: Promise<void> }> {
  const takes = wishes.filter((wish) => wish.want === 'take')
  const ended = wishes.filter((wish) => wish.want === 'settle')
  const now = Math.max(...takes.map((take) => take.now))
  const held = await buckets.hold(
    sql,
    takes.flatMap(({ draws }) => draws),
    ended,
    now,
  )
  const answers: (Taken | null)[] = []
  const granted: { ticket: string; draw: Draw }[] = []
  for (const wish of wishes) {
    const taken = wish.want === 'settle' ? null : await decideOne(sql, held, wish, now)
    answers.push(taken)
    if (wish.want === 'take' && taken?.granted)
      for (const draw of wish.draws) if (draw.amount > 0) granted.push({ ticket: wish.ticket, draw })
  }
  const changed = [...held.values()].filter((standing) => standing.changed)
  const written = changed.length + granted.length > 0 ? writeDraws(sql, changed, granted, now) : Promise.resolve()
  written.catch(() => {})
  return { answers, written }
}

async function decideOne(
  sql: Sql,
  held: ReadonlyMap<string, Standing>,
  { draws, lane, ticket }: Take,
  now: Instant,
): Promise<Taken> {
  let waitMs = 0
  let bucket = ''
  for (const draw of draws) {
    const standing = held.get(draw.bucket)!
    turnPage(standing, draw)
    const ms = await waitFor(sql, standing, draw, now, lane)
    if (ms > waitMs) {
      waitMs = ms
      bucket = draw.bucket
    }
  }
  if (waitMs > 0) return { granted: false, waitMs, bucket }
  for (const { bucket, amount, window } of draws) {
    const standing = held.get(bucket)!
    standing.flying += amount
    if ('rollingMs' in window) standing.rolling += amount
    else if ('startsAt' in window) {
      standing.used += amount
      standing.changed = true
    }
  }
  return { granted: true, ticket }
}

/** A bucket is as the newest draw says. A new day that began stays begun, granted or not, since what is under way right now counts in it. */
function turnPage(standing: Standing, { limit, window }: Omit<Draw, 'amount'>): void {
  const rollingMs = 'rollingMs' in window ? window.rollingMs : null
  if (standing.limit !== limit || standing.rollingMs !== rollingMs) {
    Object.assign(standing, { limit, rollingMs, changed: true })
  }
  if ('startsAt' in window && (standing.startsAt === null || window.startsAt > standing.startsAt)) {
    // Calls that are under way may still be counted in the new day.
    const { startsAt, endsAt } = window
    Object.assign(standing, { startsAt, endsAt, used: standing.flying, changed: true })
  } else if ('startsAt' in window && window.startsAt === standing.startsAt && window.endsAt !== standing.endsAt)
    Object.assign(standing, { endsAt: window.endsAt, changed: true })
}

async function waitFor(sql: Sql, standing: Standing, draw: Draw, now: Instant, lane: Lane): Promise<number> {
  const parkedMs = standing.parkedUntil - now
  if (draw.amount === 0) return parkedMs
  const { window, bucket, amount } = draw
  const used = 'rollingMs' in window ? standing.rolling : 'startsAt' in window ? standing.used : standing.flying
  const over = used + amount - ceilingOf(draw, lane)
  if (over <= 0) return parkedMs
  if ('rollingMs' in window) {
    // What is under way leaves the window one whole window from now at the earliest.
    if (!standing.rooms.has(over)) standing.rooms.set(over, await findRoom(sql, bucket, over, now))
    return Math.max(parkedMs, (standing.rooms.get(over) ?? now + window.rollingMs) + 1 - now)
  }
  return Math.max(parkedMs, 'startsAt' in window ? Math.max(1, standing.endsAt! - now) : concurrentWaitMs)
}

interface Buckets {
  /** Ends what ended, and locks and reads the buckets of the draws. */
  hold(
    sql: Sql,
    draws: readonly Omit<Draw, 'amount'>[],
    ended: readonly Settle[],
    now: Instant,
  ): Promise<Map<string, Standing>>
}

/** Remembers which buckets there are, so that making them takes no statement. */
function openBuckets(): Buckets {
  const made = new Set<string>()
  return { hold }

  async function hold(...[sql, draws, ended, now]: Parameters<Buckets['hold']>): Promise<Map<string, Standing>> {
    const names = [...new Set(draws.map(({ bucket }) => bucket))]
    const missing = draws.filter(({ bucket }) => !made.has(bucket))
    const whole = ended.filter(({ amount }) => amount === undefined)
    // They need nothing of each other, so they share a round trip.
    const [, , , , , , rows] = await Promise.all([
      planAhead(sql, { lasting: names.length > 0 }),
      missing.length > 0 && makeBuckets(sql, missing, now),
      lockBuckets(sql, names, [...new Set(ended.map(({ ticket }) => ticket))]),
      turnLate(sql, ended),
      Promise.all(
        ended.map(
          ({ amount, ...part }) => amount !== undefined && settlePart(sql, { ...part, amount, part: randomUUID() }),
        ),
      ),
      whole.length > 0 && settleTickets(sql, whole),
      names.length > 0 ? readBuckets(sql, names, now) : [],
    ])
    if (rows.length < names.length) {
      // Somebody deleted them.
      for (const name of names) made.delete(name)
      return hold(sql, draws, [], now)
    }
    if (made.size > mostMade) made.clear()
    for (const name of names) made.add(name)
    return new Map(rows.map((row) => [row.bucket, toStanding(row)]))
  }
}

const mostMade = 10_000

/**
 * Rows come and go so fast that what PostgreSQL believes about these tables is wrong most of the time: plans are told to use the indexes, and not by way
 * of bitmaps, which would not clear them of what is dead. Losing an end in a power cut is no harm: the call then counts for longer than it had to.
 */
async function planAhead(sql: Sql, { lasting }: { lasting: boolean }): Promise<void> {
  const text = `
    select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
           set_config('synchronous_commit', coalesce($1::text, current_setting('synchronous_commit')), true)`
  await sql(text, [lasting ? null : 'off'], 'plan-ahead')
}

const toStanding = (row: StoredBucket): Standing => ({
  bucket: row.bucket,
  limit: row.quota_limit,
  rollingMs: row.rolling_ms,
  parkedUntil: row.parked_until ?? 0,
  rolling: row.rolling,
  flying: row.flying,
  startsAt: row.window_start,
  endsAt: row.window_end,
  used: row.used,
  changed: false,
  rooms: new Map(),
})

import { randomUUID } from 'node:crypto'
import type { Instant } from '../../ports/clock.ts'
import type { Database, Sql } from '../../ports/database.ts'
import type { Draw, Limiter } from '../../ports/limiter.ts'
import type { Lane } from '../../ports/schedule.ts'
import { addDraws } from './queries/add-draws.ts'
import { addForeignDraw } from './queries/add-foreign-draw.ts'
import { findRoom } from './queries/find-room.ts'
import { type HeldBucket, holdBuckets } from './queries/hold-buckets.ts'
import { parkBucket } from './queries/park-bucket.ts'
import { readUsage } from './queries/read-usage.ts'
import { type FixedWindow, setWindows } from './queries/set-windows.ts'
import { settleTicket } from './queries/settle-ticket.ts'
import { type DrawSum, sumDraws } from './queries/sum-draws.ts'
import { sweepDraws } from './queries/sweep-draws.ts'
import { ceilingOf, concurrentWaitMs } from './room.ts'

/**
 * Quotas that several processes share. Each decision is one transaction that holds the rows of its buckets, so what is exact for one process is
 * exact for all of them. It decides as the memory driver does; a test compares the two.
 */
export function openPostgresLimiter(database: Database): Limiter & {
  /** Deletes draws that no longer count, a thousand at a time. Returns how many. */
  sweep(now: Instant): Promise<number>
} {
  return {
    async take(draws, { now, lane }) {
      if (draws.length === 0) return { granted: true, ticket: 'free' }
      const ticket = randomUUID()
      return database.system(async (sql) => {
        const standing = await readStanding(sql, draws, now)
        let waitMs = 0
        let bucket = ''
        for (const draw of draws) {
          const ms = await waitFor(sql, standing.get(draw.bucket)!, draw, now, lane)
          if (ms > waitMs) {
            waitMs = ms
            bucket = draw.bucket
          }
        }
        const granted = waitMs <= 0
        await writeWindows(sql, standing, granted ? draws : [])
        if (!granted) return { granted, waitMs, bucket }
        const counted = draws.filter(({ amount }) => amount > 0)
        if (counted.length > 0) await addDraws(sql, ticket, counted, now)
        return { granted, ticket }
      })
    },

    settle: (ticket, ended) => database.system((sql) => settleTicket(sql, ticket, ended)),

    park: (bucket, until) => database.system((sql) => parkBucket(sql, bucket, until)),

    learn: (draw, used, now) =>
      database.system(async (sql) => {
        const standing = await readStanding(sql, [draw], now)
        const { rolling, fixed } = standing.get(draw.bucket)!
        const { bucket, window } = draw
        if ('rollingMs' in window && used > rolling) {
          const foreign = { bucket, ticket: randomUUID(), amount: used - rolling, rollingMs: window.rollingMs, now }
          await addForeignDraw(sql, foreign)
        }
        if (fixed && 'startsAt' in window && window.startsAt === fixed.startsAt)
          await setWindows(sql, [{ ...fixed, used: Math.max(used, fixed.used) }])
      }),

    usage: (prefix, now) => database.system((sql) => readUsage(sql, prefix, now)),

    sweep: (now) => database.system((sql) => sweepDraws(sql, now, 1000)),
  }
}

interface Standing {
  readonly parkedUntil: Instant
  /** What counts in the rolling window. */
  readonly rolling: number
  /** Taken and not settled. */
  readonly flying: number
  /** The calendar window as it is now, when the draw names one. */
  readonly fixed: FixedWindow | null
}

async function readStanding(
  sql: Sql,
  draws: readonly Omit<Draw, 'amount'>[],
  now: Instant,
): Promise<Map<string, Standing>> {
  const held = await holdBuckets(sql, draws, now)
  const sums = await sumDraws(sql, [...held.keys()], now)
  return new Map(
    draws.map((draw) => {
      const bucket = held.get(draw.bucket)!
      const { rolling, flying }: Pick<DrawSum, 'rolling' | 'flying'> = sums.get(draw.bucket) ?? {
        rolling: 0,
        flying: 0,
      }
      const fixed = fixedWindow(bucket, draw.window, flying)
      return [draw.bucket, { parkedUntil: bucket.parked_until ?? 0, rolling, flying, fixed }]
    }),
  )
}

function fixedWindow(held: HeldBucket, window: Draw['window'], flying: number): FixedWindow | null {
  if (!('startsAt' in window)) return null
  const { bucket, window_start: startsAt, window_end: endsAt, used } = held
  if (startsAt !== null && endsAt !== null && window.startsAt <= startsAt) return { bucket, startsAt, endsAt, used }
  // Calls that are under way may still be counted in the new day.
  return { bucket, startsAt: window.startsAt, endsAt: window.endsAt, used: flying }
}

async function waitFor(sql: Sql, standing: Standing, draw: Draw, now: Instant, lane: Lane): Promise<number> {
  const parkedMs = standing.parkedUntil - now
  if (draw.amount === 0) return parkedMs
  const { window, bucket, amount } = draw
  const used = 'rollingMs' in window ? standing.rolling : (standing.fixed?.used ?? standing.flying)
  const over = used + amount - ceilingOf(draw, lane)
  if (over <= 0) return parkedMs
  if ('rollingMs' in window) {
    // What is under way leaves the window one whole window from now at the earliest.
    const freedAt = (await findRoom(sql, bucket, over, now)) ?? now + window.rollingMs
    return Math.max(parkedMs, freedAt + 1 - now)
  }
  return Math.max(parkedMs, standing.fixed ? Math.max(1, standing.fixed.endsAt - now) : concurrentWaitMs)
}

/** Also when nothing was granted: a new day that began must stay begun, since what is under way right now counts in it. */
async function writeWindows(sql: Sql, standing: ReadonlyMap<string, Standing>, draws: readonly Draw[]): Promise<void> {
  const amounts = new Map(draws.map(({ bucket, amount }) => [bucket, amount]))
  const windows: FixedWindow[] = []
  for (const { fixed } of standing.values())
    if (fixed) windows.push({ ...fixed, used: fixed.used + (amounts.get(fixed.bucket) ?? 0) })
  if (windows.length > 0) await setWindows(sql, windows)
}

import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'
import { ticketMs, type Usage } from '../../../ports/limiter.ts'

/** The port's `usage`. Nothing is locked: it is for looking at. */
export async function readUsage(sql: Sql, prefix: string, now: Instant): Promise<Usage[]> {
  const { rows } = await sql<Row>(
    `select bucket, quota_limit, rolling_ms, window_end, used, parked_until,
            coalesce(rolling, 0) as rolling, coalesce(flying, 0) as flying, empty_at
       from quota_bucket
       left join lateral (
         select sum(amount) filter (where kind = 'rolling') as rolling,
                sum(amount) filter (where not settled and taken_at >= $3) as flying,
                max(counts_until) filter (where kind = 'rolling') as empty_at
           from quota_draw
          where quota_draw.bucket = quota_bucket.bucket and counts_until >= $2
       ) as draws on true
      where bucket ^@ $1
      order by bucket`,
    [prefix, new Date(now), new Date(now - ticketMs)],
    'read-usage',
  )
  return rows
    .map((row): Usage => {
      const parkedUntil = row.parked_until !== null && row.parked_until > now ? row.parked_until : null
      return { bucket: row.bucket, limit: row.quota_limit, parkedUntil, ...standing(row, now) }
    })
    .filter(({ used, parkedUntil }) => used > 0 || parkedUntil !== null)
}

interface Row extends Record<string, unknown> {
  bucket: string
  quota_limit: number
  rolling_ms: number | null
  window_end: Instant | null
  used: number
  parked_until: Instant | null
  rolling: number
  flying: number
  empty_at: Instant | null
}

function standing(row: Row, now: Instant): { used: number; resetsAt: Instant | null } {
  if (row.rolling_ms !== null)
    return {
      used: row.rolling,
      resetsAt: row.rolling === 0 ? null : row.flying > 0 ? now + row.rolling_ms : row.empty_at,
    }
  if (row.window_end !== null && row.window_end > now) return { used: row.used, resetsAt: row.window_end }
  return { used: row.flying, resetsAt: null }
}

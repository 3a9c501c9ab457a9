import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'
import { ticketMs } from '../../../ports/limiter.ts'

export interface StoredBucket extends Record<string, unknown> {
  readonly bucket: string
  readonly quota_limit: number
  readonly rolling_ms: number | null
  readonly window_start: Instant | null
  readonly window_end: Instant | null
  readonly used: number
  readonly parked_until: Instant | null
  /** What counts in the rolling window. */
  readonly rolling: number
  /** Taken and not settled. */
  readonly flying: number
}

/**
 * Reads locked buckets with the sums of their draws, and deletes draws that are out of their windows. Draws are looked up by bucket: their times stand
 * where no index can be chosen for them, since the one by age would lead through everybody's.
 */
export async function readBuckets(sql: Sql, buckets: readonly string[], now: Instant): Promise<StoredBucket[]> {
  const { rows } = await sql<StoredBucket>(
    `with gone as (delete from quota_draw where bucket = any ($1) and (counts_until < $2) is true)
     select bucket, quota_limit, rolling_ms, window_start, window_end, used, parked_until,
            coalesce(rolling, 0) as rolling, coalesce(flying, 0) as flying
       from quota_bucket
       left join (
         select bucket,
                sum(amount) filter (where counts_until >= $2 and kind = 'rolling') as rolling,
                sum(amount) filter (where counts_until >= $2 and not settled and taken_at >= $3) as flying
           from quota_draw
          where bucket = any ($1)
          group by bucket) as draws using (bucket)
      where bucket = any ($1)`,
    [buckets, new Date(now), new Date(now - ticketMs)],
    'read-buckets',
  )
  return rows
}

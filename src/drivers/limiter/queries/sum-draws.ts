import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'
import { ticketMs } from '../../../ports/limiter.ts'

/** What counts in a bucket now, and how much of it is still under way. */
export interface DrawSum extends Record<string, unknown> {
  readonly bucket: string
  readonly rolling: number
  readonly flying: number
}

/** Sums the draws of held buckets, and deletes those that are out of their windows. */
export async function sumDraws(sql: Sql, buckets: readonly string[], now: Instant): Promise<Map<string, DrawSum>> {
  const { rows } = await sql<DrawSum>(
    `with gone as (delete from quota_draw where bucket = any($1) and counts_until < $2)
     select bucket,
            coalesce(sum(amount) filter (where kind = 'rolling'), 0) as rolling,
            coalesce(sum(amount) filter (where not settled and taken_at >= $3), 0) as flying
       from quota_draw
      where bucket = any($1) and counts_until >= $2
      group by bucket`,
    [buckets, new Date(now), new Date(now - ticketMs)],
    'sum-draws',
  )
  return new Map(rows.map((row) => [row.bucket, row]))
}

import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'

/** Deletes up to `limit` draws that are out of their windows, of buckets that nobody asks any more. Returns how many. */
export async function sweepDraws(sql: Sql, now: Instant, limit: number): Promise<number> {
  const { count } = await sql(
    `delete from quota_draw
      where (bucket, ticket) in (
        select bucket, ticket from quota_draw where counts_until < $1 order by counts_until limit $2 for update skip locked)`,
    [new Date(now), limit],
    'sweep-draws',
  )
  return count
}

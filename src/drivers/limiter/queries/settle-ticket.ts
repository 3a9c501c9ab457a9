import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'
import { ticketMs } from '../../../ports/limiter.ts'

/**
 * Ends the draws of a ticket. Rolling ones count from `at`; calendar ones stay in the sum of their window, unless they ended before it began;
 * what was not sent is given back everywhere. The buckets are locked first, in the order in which everybody locks them.
 */
export async function settleTicket(
  sql: Sql,
  ticket: string,
  { at, sent }: { at: Instant; sent: boolean },
): Promise<void> {
  await sql(
    `select from quota_bucket
      where bucket in (select bucket from quota_draw where ticket = $1)
      order by bucket
        for update`,
    [ticket],
    'hold-buckets-of-ticket',
  )
  await sql(
    `with over as (
       delete from quota_draw
        where ticket = $1 and not settled and taken_at >= $3 and not (kind = 'rolling' and $4)
       returning bucket, kind, amount
     ), kept as (
       update quota_draw
          set settled = true, counts_until = $2::timestamptz + rolling_ms * interval '1 millisecond'
        where ticket = $1 and not settled and taken_at >= $3 and kind = 'rolling' and $4
     )
     update quota_bucket
        set used = greatest(0, used - over.amount)
       from over
      where quota_bucket.bucket = over.bucket and over.kind = 'fixed' and (not $4 or $2 < window_start)`,
    [ticket, new Date(at), new Date(at - ticketMs), sent],
    'settle-ticket',
  )
}

import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'
import { ticketMs } from '../../../ports/limiter.ts'

/** How a call ended. */
export interface Ended {
  readonly ticket: string
  readonly at: Instant
  readonly sent: boolean
}

/**
 * Ends the draws of tickets whose buckets are locked. Rolling ones count from `at`; calendar ones stay in the sum of their window, unless they ended
 * before it began; what was not sent is given back everywhere.
 */
export async function settleTickets(sql: Sql, ended: readonly Ended[]): Promise<void> {
  await sql(
    `with ended as (
       select * from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::boolean[]) as ended (ticket, at, alive_since, sent)
     ), over as (
       delete from quota_draw using ended
        where quota_draw.ticket = ended.ticket and not settled and taken_at >= alive_since and not (kind = 'rolling' and sent)
       returning bucket, kind, amount, at, sent
     ), kept as (
       update quota_draw
          set settled = true, counts_until = at + rolling_ms * interval '1 millisecond'
         from ended
        where quota_draw.ticket = ended.ticket and not settled and taken_at >= alive_since and kind = 'rolling' and sent
     )
     update quota_bucket
        set used = greatest(0, used - given_back.amount)
       from (
         select bucket, sum(amount) as amount
           from over join quota_bucket using (bucket)
          where kind = 'fixed' and (not sent or at < window_start)
          group by bucket) as given_back
      where quota_bucket.bucket = given_back.bucket`,
    [
      ended.map(({ ticket }) => ticket),
      ended.map(({ at }) => new Date(at)),
      ended.map(({ at }) => new Date(at - ticketMs)),
      ended.map(({ sent }) => sent),
    ],
    'settle-tickets',
  )
}

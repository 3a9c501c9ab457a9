import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'
import { ticketMs } from '../../../ports/limiter.ts'

/**
 * Ends `amount` of each draw of a ticket whose buckets are locked, and leaves the rest under way. What counts in a rolling window gets a row of its own,
 * `part`, from then on.
 */
export async function settlePart(
  sql: Sql,
  ended: { ticket: string; part: string; amount: number; at: Instant; sent: boolean },
): Promise<void> {
  await sql(
    `with part as (
       select bucket, kind, rolling_ms, taken_at, least(amount, $2) as amount, amount <= $2 as whole
         from quota_draw
        where ticket = $1 and not settled and taken_at >= $5
     ), less as (
       update quota_draw set amount = quota_draw.amount - part.amount
         from part
        where quota_draw.bucket = part.bucket and quota_draw.ticket = $1 and not whole
     ), over as (
       delete from quota_draw using part
        where quota_draw.bucket = part.bucket and quota_draw.ticket = $1 and whole
     ), kept as (
       insert into quota_draw (bucket, ticket, kind, amount, taken_at, rolling_ms, settled, counts_until)
       select bucket, $6, kind, amount, taken_at, rolling_ms, true, $3::timestamptz + rolling_ms * interval '1 millisecond'
         from part
        where kind = 'rolling' and $4
     )
     update quota_bucket
        set used = greatest(0, used - part.amount)
       from part
      where quota_bucket.bucket = part.bucket and kind = 'fixed' and (not $4 or $3::timestamptz < window_start)`,
    [ended.ticket, ended.amount, new Date(ended.at), ended.sent, new Date(ended.at - ticketMs), ended.part],
    'settle-part',
  )
}

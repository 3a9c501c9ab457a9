import type { Sql } from '../../../ports/database.ts'
import { ticketMs } from '../../../ports/limiter.ts'
import type { Ended } from './settle-tickets.ts'

/**
 * A call that ends after its day counts in the next one as well, also where nobody took from that yet: it begins with what was under way. How long it is
 * says whoever takes next; until then it is taken to be as long as the one before. Before the draws of these tickets are ended.
 */
export async function turnLate(sql: Sql, ended: readonly Ended[]): Promise<void> {
  const sent = ended.filter((one) => one.sent)
  if (sent.length === 0) return
  await sql(
    `with late as (
       select quota_draw.bucket, max(at) as at
         from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as ended (ticket, at, alive_since)
         join quota_draw using (ticket)
         join quota_bucket using (bucket)
        where kind = 'fixed' and not settled and taken_at >= alive_since and at >= window_end
        group by quota_draw.bucket
     ), begun as (
       select late.bucket, window_end - window_start as length,
              window_end + floor(extract(epoch from at - window_end) / extract(epoch from window_end - window_start)) * (window_end - window_start) as start,
              (select sum(amount) from quota_draw
                where quota_draw.bucket = late.bucket and not settled and taken_at >= at - $4 * interval '1 millisecond') as flying
         from late join quota_bucket using (bucket)
     )
     update quota_bucket
        set window_start = start, window_end = start + length, used = flying
       from begun
      where quota_bucket.bucket = begun.bucket`,
    [
      sent.map(({ ticket }) => ticket),
      sent.map(({ at }) => new Date(at)),
      sent.map(({ at }) => new Date(at - ticketMs)),
      ticketMs,
    ],
    'turn-late',
  )
}

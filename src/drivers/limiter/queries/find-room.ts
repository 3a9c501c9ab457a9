import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'
import { ticketMs } from '../../../ports/limiter.ts'

/** The last instant at which less than `amount` of what has ended in a rolling window is out of it. Null when all of it is less: the rest is still under way. */
export async function findRoom(sql: Sql, bucket: string, amount: number, now: Instant): Promise<Instant | null> {
  const { rows } = await sql<{ freed_at: Instant | null }>(
    `select min(counts_until) as freed_at
       from (select counts_until, sum(amount) over (order by counts_until, ticket) as freed
               from quota_draw
              where bucket = $1 and kind = 'rolling' and counts_until >= $2 and (settled or taken_at < $3)) as ending
      where freed >= $4`,
    [bucket, new Date(now), new Date(now - ticketMs), amount],
    'find-room',
  )
  return rows[0]!.freed_at
}

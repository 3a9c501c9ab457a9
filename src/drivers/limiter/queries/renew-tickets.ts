import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'
import { ticketMs } from '../../../ports/limiter.ts'

/** The port's `renew`. No bucket is locked: what it sums up to stays the same. */
export async function renewTickets(sql: Sql, tickets: readonly string[], now: Instant): Promise<Set<string>> {
  const { rows } = await sql<{ ticket: string }>(
    `update quota_draw
        set taken_at = greatest(taken_at, $2),
            counts_until = greatest(counts_until, $4::timestamptz + coalesce(rolling_ms, 0) * interval '1 millisecond')
      where ticket = any ($1) and not settled and taken_at >= $3
     returning ticket`,
    [tickets, new Date(now), new Date(now - ticketMs), new Date(now + ticketMs)],
    'renew-tickets',
  )
  return new Set(rows.map(({ ticket }) => ticket))
}

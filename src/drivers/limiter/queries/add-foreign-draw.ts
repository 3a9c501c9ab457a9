import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'

/** What somebody else took from a rolling quota of ours, as the provider told at `now`. */
export async function addForeignDraw(
  sql: Sql,
  draw: { bucket: string; ticket: string; amount: number; rollingMs: number; now: Instant },
): Promise<void> {
  await sql(
    `insert into quota_draw (bucket, ticket, kind, amount, taken_at, rolling_ms, settled, counts_until)
     values ($1, $2, 'rolling', $3, $4, $5, true, $6)`,
    [draw.bucket, draw.ticket, draw.amount, new Date(draw.now), draw.rollingMs, new Date(draw.now + draw.rollingMs)],
    'add-foreign-draw',
  )
}

import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'
import { type Draw, ticketMs } from '../../../ports/limiter.ts'

/** One row a bucket, each counting until it is settled or given up for lost. */
export async function addDraws(sql: Sql, ticket: string, draws: readonly Draw[], now: Instant): Promise<void> {
  const rolling = draws.map(({ window }) => ('rollingMs' in window ? window.rollingMs : null))
  await sql(
    `insert into quota_draw (bucket, ticket, kind, amount, taken_at, rolling_ms, settled, counts_until)
     select bucket, $1, kind, amount, $6, rolling_ms, false, counts_until
       from unnest($2::text[], $3::text[], $4::float8[], $5::bigint[], $7::timestamptz[])
         as draw (bucket, kind, amount, rolling_ms, counts_until)`,
    [
      ticket,
      draws.map(({ bucket }) => bucket),
      draws.map(({ window }) => kindOf(window)),
      draws.map(({ amount }) => amount),
      rolling,
      new Date(now),
      rolling.map((ms) => new Date(now + ticketMs + (ms ?? 0))),
    ],
    'add-draws',
  )
}

const kindOf = (window: Draw['window']) =>
  'rollingMs' in window ? 'rolling' : 'startsAt' in window ? 'fixed' : 'concurrent'

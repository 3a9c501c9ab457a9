import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'
import { type Draw, ticketMs } from '../../../ports/limiter.ts'

/** What changes of a bucket. */
export interface BucketChange {
  readonly bucket: string
  readonly limit: number
  readonly rollingMs: number | null
  readonly startsAt: Instant | null
  readonly endsAt: Instant | null
  readonly used: number
}

/** Writes locked buckets, and a row for each bucket that each ticket took from, counting until it is settled or given up for lost. */
export async function writeDraws(
  sql: Sql,
  buckets: readonly BucketChange[],
  draws: readonly { readonly ticket: string; readonly draw: Draw }[],
  now: Instant,
): Promise<void> {
  const toDate = (at: Instant | null) => (at === null ? null : new Date(at))
  const rolling = draws.map(({ draw: { window } }) => ('rollingMs' in window ? window.rollingMs : null))
  await sql(
    `with written as (
       update quota_bucket
          set quota_limit = is_now.quota_limit, rolling_ms = is_now.rolling_ms, updated_at = $1,
              window_start = is_now.window_start, window_end = is_now.window_end, used = is_now.used
         from unnest($2::text[], $3::float8[], $4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::float8[])
           as is_now (bucket, quota_limit, rolling_ms, window_start, window_end, used)
        where quota_bucket.bucket = is_now.bucket)
     insert into quota_draw (bucket, ticket, kind, amount, taken_at, rolling_ms, settled, counts_until)
     select bucket, ticket, kind, amount, $1, rolling_ms, false, counts_until
       from unnest($8::text[], $9::text[], $10::text[], $11::float8[], $12::bigint[], $13::timestamptz[])
         as draw (bucket, ticket, kind, amount, rolling_ms, counts_until)`,
    [
      new Date(now),
      buckets.map(({ bucket }) => bucket),
      buckets.map(({ limit }) => limit),
      buckets.map(({ rollingMs }) => rollingMs),
      buckets.map(({ startsAt }) => toDate(startsAt)),
      buckets.map(({ endsAt }) => toDate(endsAt)),
      buckets.map(({ used }) => used),
      draws.map(({ draw }) => draw.bucket),
      draws.map(({ ticket }) => ticket),
      draws.map(({ draw }) => kindOf(draw.window)),
      draws.map(({ draw }) => draw.amount),
      rolling,
      rolling.map((ms) => new Date(now + ticketMs + (ms ?? 0))),
    ],
    'write-draws',
  )
}

const kindOf = (window: Draw['window']) =>
  'rollingMs' in window ? 'rolling' : 'startsAt' in window ? 'fixed' : 'concurrent'

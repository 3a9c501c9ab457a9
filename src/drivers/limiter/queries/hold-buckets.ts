import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'
import type { Draw } from '../../../ports/limiter.ts'

export interface HeldBucket extends Record<string, unknown> {
  readonly bucket: string
  readonly window_start: Instant | null
  readonly window_end: Instant | null
  readonly used: number
  readonly parked_until: Instant | null
}

/**
 * Makes the buckets where they are missing and locks them until the end of the transaction, by name, so that two calls which share several
 * of them wait for each other instead of standing in each other's way.
 */
export async function holdBuckets(
  sql: Sql,
  draws: readonly Omit<Draw, 'amount'>[],
  now: Instant,
): Promise<Map<string, HeldBucket>> {
  const { rows } = await sql<HeldBucket>(
    `insert into quota_bucket (bucket, quota_limit, rolling_ms, used, updated_at)
     select bucket, quota_limit, rolling_ms, 0, $4
       from unnest($1::text[], $2::float8[], $3::bigint[]) as draw (bucket, quota_limit, rolling_ms)
      order by bucket collate "C"
     on conflict (bucket) do update
        set quota_limit = excluded.quota_limit, rolling_ms = excluded.rolling_ms, updated_at = excluded.updated_at
     returning bucket, window_start, window_end, used, parked_until`,
    [
      draws.map(({ bucket }) => bucket),
      draws.map(({ limit }) => limit),
      draws.map(({ window }) => ('rollingMs' in window ? window.rollingMs : null)),
      new Date(now),
    ],
    'hold-buckets',
  )
  return new Map(rows.map((row) => [row.bucket, row]))
}

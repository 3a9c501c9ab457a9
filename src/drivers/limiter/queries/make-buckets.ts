import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'
import type { Draw } from '../../../ports/limiter.ts'

/** Makes the buckets that are missing. Somebody who makes the same one at the same time is waited for. */
export async function makeBuckets(sql: Sql, draws: readonly Omit<Draw, 'amount'>[], now: Instant): Promise<void> {
  await sql(
    `insert into quota_bucket (bucket, quota_limit, rolling_ms, used, updated_at)
     select distinct on (bucket collate "C") bucket, quota_limit, rolling_ms, 0, $4::timestamptz
       from unnest($1::text[], $2::float8[], $3::bigint[]) as draw (bucket, quota_limit, rolling_ms)
      order by bucket collate "C"
     on conflict (bucket) do nothing`,
    [
      draws.map(({ bucket }) => bucket),
      draws.map(({ limit }) => limit),
      draws.map(({ window }) => ('rollingMs' in window ? window.rollingMs : null)),
      new Date(now),
    ],
    'make-buckets',
  )
}

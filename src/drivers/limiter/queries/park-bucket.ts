import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'

/** Never shortens an earlier one. */
export async function parkBucket(sql: Sql, bucket: string, until: Instant): Promise<void> {
  await sql(
    `insert into quota_bucket (bucket, quota_limit, used, parked_until, updated_at) values ($1, 0, 0, $2, $2)
     on conflict (bucket) do update set parked_until = greatest(quota_bucket.parked_until, excluded.parked_until)`,
    [bucket, new Date(until)],
    'park-bucket',
  )
}

import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'

export interface FixedWindow {
  readonly bucket: string
  readonly startsAt: Instant
  readonly endsAt: Instant
  readonly used: number
}

/** Writes the calendar windows of held buckets. */
export async function setWindows(sql: Sql, windows: readonly FixedWindow[]): Promise<void> {
  await sql(
    `update quota_bucket
        set window_start = now_is.window_start, window_end = now_is.window_end, used = now_is.used
       from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::float8[])
         as now_is (bucket, window_start, window_end, used)
      where quota_bucket.bucket = now_is.bucket`,
    [
      windows.map(({ bucket }) => bucket),
      windows.map(({ startsAt }) => new Date(startsAt)),
      windows.map(({ endsAt }) => new Date(endsAt)),
      windows.map(({ used }) => used),
    ],
    'set-windows',
  )
}

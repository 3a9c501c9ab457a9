import type { Instant } from '../../../ports/clock.ts'
import type { Sql } from '../../../ports/database.ts'

/** The port's `stops`. */
export async function readStops(sql: Sql, now: Instant): Promise<Map<string, Instant>> {
  const { rows } = await sql<{ bucket: string; parked_until: Instant }>(
    'select bucket, parked_until from quota_bucket where parked_until > $1',
    [new Date(now)],
    'read-stops',
  )
  return new Map(rows.map(({ bucket, parked_until }) => [bucket, parked_until]))
}

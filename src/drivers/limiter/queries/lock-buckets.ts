import type { Sql } from '../../../ports/database.ts'

/**
 * Locks these buckets, and those that the tickets took from, until the end of the transaction: by name, so that two transactions which share several
 * of them wait for each other instead of standing in each other's way.
 */
export async function lockBuckets(sql: Sql, buckets: readonly string[], tickets: readonly string[]): Promise<void> {
  await sql(
    `select from quota_bucket
      where bucket = any (array(select unnest($1::text[]) union select bucket from quota_draw where ticket = any ($2)))
      order by bucket
        for update`,
    [buckets, tickets],
    'lock-buckets',
  )
}

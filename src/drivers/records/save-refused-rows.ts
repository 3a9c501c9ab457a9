import type { Instant } from '../../ports/clock.ts'
import type { Sql } from '../../ports/database.ts'
import type { SavedPage } from '../../ports/records.ts'
import { arrayLiteral } from './array-literal.ts'
import { storableText } from './storable.ts'

/** The same row refused again is counted, not kept twice. */
export async function saveRefusedRows(sql: Sql, environmentId: string, pages: readonly SavedPage[], at: Instant) {
  const rows = new Map<string, (string | number)[]>()
  for (const { connectionId, stream, runId, refused } of pages)
    for (const { what, why } of refused) {
      const row = [connectionId, stream, storableText(what), storableText(why), runId]
      rows.set(row.slice(0, 3).join('\n'), row)
    }
  if (rows.size === 0) return
  const columns = [0, 1, 2, 3, 4].map((i) => arrayLiteral([...rows.values()].map((row) => row[i]!)))
  await sql(upsertRefused, [environmentId, new Date(at), ...columns], 'records.refused')
}

const upsertRefused = `
  insert into refused_row as r (environment_id, first_at, at, times, connection_id, stream, what, why, run_id)
  select $1, $2::timestamptz, $2::timestamptz, 1, incoming.*
  from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) as incoming
  on conflict (environment_id, connection_id, stream, what) do update set
    why = excluded.why, run_id = excluded.run_id, at = excluded.at, times = r.times + 1`

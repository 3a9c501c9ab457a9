import type { Instant } from '../../ports/clock.ts'
import type { Sql } from '../../ports/database.ts'
import type { SavedPage } from '../../ports/records.ts'
import { arrayLiteral } from './array-literal.ts'
import { storableText } from './storable.ts'

/** Of one stream of a connection. A platform that changed its answers has others to refuse every day, and the first thousand say what there is to say. */
export const mostKept = 1_000

/** The same row refused again is counted, not kept twice. Those that were met last are kept. */
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
  await sql(forgetRefused, [environmentId, ...columns.slice(0, 2)], 'records.refused_forgotten')
}

const upsertRefused = `
  insert into refused_row as r (environment_id, first_at, at, times, connection_id, stream, what, why, run_id)
  select $1, $2::timestamptz, $2::timestamptz, 1, incoming.*
  from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) as incoming
  on conflict (environment_id, connection_id, stream, what) do update set
    why = excluded.why, run_id = excluded.run_id, at = excluded.at, times = r.times + 1`

const forgetRefused = `
  delete from refused_row r using (
    select distinct connection_id, stream from unnest($2::text[], $3::text[]) as met (connection_id, stream)) k
  cross join lateral (
    select o.what from refused_row o
    where o.environment_id = $1 and o.connection_id = k.connection_id and o.stream = k.stream
    order by o.at desc, o.what offset ${mostKept} limit ${10 * mostKept}) as old
  where r.environment_id = $1 and r.connection_id = k.connection_id and r.stream = k.stream and r.what = old.what`

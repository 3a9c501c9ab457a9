import type { Instant } from '../../ports/clock.ts'
import type { Sql } from '../../ports/database.ts'
import type { SavedPage } from '../../ports/records.ts'
import { arrayLiteral } from './array-literal.ts'
import { mergePlaces } from './merge-places.ts'
import { storable, storableJson, storableText } from './storable.ts'

/** Places first: who writes the same place at the same time waits here, and then sees what the other wrote. */
export async function savePlaces(sql: Sql, environmentId: string, pages: readonly SavedPage[], at: Instant) {
  const places = mergePlaces(pages)
  if (places.length === 0) return
  const columns = [
    places.map(({ connectionId }) => connectionId),
    places.map(({ stream }) => stream),
    places.map(({ cursor }) => cursor !== undefined),
    places.map(({ cursor }) => json(cursor)),
    places.map(({ checkpoint }) => checkpoint !== undefined),
    places.map(({ checkpoint }) => json(checkpoint)),
  ]
  await sql(upsertPlaces, [environmentId, new Date(at), ...columns.map(arrayLiteral)], 'records.places')
}

const json = (value: unknown) => (value === undefined || value === null ? null : storableJson(value))

const upsertPlaces = `
  insert into place as p (environment_id, connection_id, stream, cursor, checkpoint, saved_at)
  select $1, connection_id, stream, cursor, checkpoint, $2::timestamptz
  from unnest($3::text[], $4::text[], $5::boolean[], $6::jsonb[], $7::boolean[], $8::jsonb[])
    as incoming (connection_id, stream, has_cursor, cursor, has_checkpoint, checkpoint)
  on conflict (environment_id, connection_id, stream) do update set
    (cursor, checkpoint) = (
      select case when has_cursor then i.cursor else p.cursor end, case when has_checkpoint then i.checkpoint else p.checkpoint end
      from unnest($3::text[], $4::text[], $5::boolean[], $6::jsonb[], $7::boolean[], $8::jsonb[])
        as i (connection_id, stream, has_cursor, cursor, has_checkpoint, checkpoint)
      where i.connection_id = p.connection_id and i.stream = p.stream),
    saved_at = excluded.saved_at
  where p.saved_at <= excluded.saved_at`

export async function saveAudiences(sql: Sql, environmentId: string, pages: readonly SavedPage[], at: Instant) {
  for (const { connectionId, audiences } of pages)
    for (const audience of audiences) {
      const { population, basis, period, rows, dimensions } = storable(audience)
      const values = [population, dimensionsOf(dimensions), period.end, period.start, basis, JSON.stringify(rows)]
      await sql(upsertAudience, [environmentId, new Date(at), connectionId, ...values], 'records.audience')
    }
}

/** Which dimensions, whatever their order. */
export const dimensionsOf = (dimensions: readonly string[]) => dimensions.toSorted().join(' ')

const upsertAudience = `
  insert into audience as a (environment_id, observed_at, connection_id, population, dimensions, period_end, period_start, basis, rows)
  values ($1, $2, $3, $4, $5, $6::date, $7::date, $8, $9)
  on conflict (environment_id, connection_id, population, dimensions, period_end) do update set
    observed_at = excluded.observed_at, period_start = excluded.period_start, basis = excluded.basis, rows = excluded.rows
  where a.observed_at <= excluded.observed_at
    and (a.period_start, a.basis, a.rows) is distinct from (excluded.period_start, excluded.basis, excluded.rows)`

/** The same row refused again is counted, not kept twice. Returns how many there were. */
export async function saveRefused(sql: Sql, environmentId: string, pages: readonly SavedPage[], at: Instant) {
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

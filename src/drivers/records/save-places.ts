import type { Instant } from '../../ports/clock.ts'
import type { Sql } from '../../ports/database.ts'
import type { SavedPage } from '../../ports/records.ts'
import { arrayLiteral } from './array-literal.ts'
import { mergePlaces } from './merge-places.ts'
import { storableJson } from './storable.ts'

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

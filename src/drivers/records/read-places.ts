import type { Sql } from '../../ports/database.ts'
import type { Place } from '../../ports/records.ts'

export async function readPlaces(
  sql: Sql,
  environmentId: string,
  keys: readonly { connectionId: string; stream: string }[],
): Promise<Place[]> {
  const values = [environmentId, keys.map(({ connectionId }) => connectionId), keys.map(({ stream }) => stream)]
  const { rows } = await sql<Place & Record<string, unknown>>(selectPlaces, values, 'records.read_places')
  const found = new Map(rows.map((place) => [`${place.connectionId}\n${place.stream}`, place]))
  return keys.map(
    (key) =>
      found.get(`${key.connectionId}\n${key.stream}`) ?? { ...key, cursor: null, checkpoint: null, savedAt: null },
  )
}

const selectPlaces = `
  select p.connection_id as "connectionId", p.stream, cursor, checkpoint, saved_at as "savedAt"
  from unnest($2::text[], $3::text[]) as k (connection_id, stream)
  join place p on p.environment_id = $1 and p.connection_id = k.connection_id and p.stream = k.stream`

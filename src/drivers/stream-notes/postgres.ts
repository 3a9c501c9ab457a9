import type { Database } from '../../ports/database.ts'
import {
  type AnswerShape,
  type Attention,
  emptyNote,
  type StreamNote,
  type StreamNotes,
} from '../../ports/stream-notes.ts'
import { writeAlong } from '../along/postgres.ts'
import { arrayLiteral } from '../records/array-literal.ts'
import { storableJson } from '../records/storable.ts'

/** Notes in PostgreSQL. */
export function openPostgresStreamNotes(database: Database): StreamNotes {
  return {
    async notes(environmentId, keys) {
      if (keys.length === 0) return []
      const values = [environmentId, keys.map(({ connectionId }) => connectionId), keys.map(({ stream }) => stream)]
      const rows = await database.read<{ note: StreamNote }>(environmentId, selectNotes, values, 'notes.read')
      const found = new Map(rows.map(({ note }) => [`${note.connectionId}\n${note.stream}`, note]))
      return keys.map(
        ({ connectionId, stream }) => found.get(`${connectionId}\n${stream}`) ?? emptyNote(connectionId, stream),
      )
    },

    note: (environmentId, notes, along) =>
      database.tenant(environmentId, async (sql) => {
        const columns = [
          notes.map(({ connectionId }) => connectionId),
          notes.map(({ stream }) => stream),
          notes.map((note) => storableJson(note)),
        ]
        await sql(upsertNotes, [environmentId, ...columns.map(arrayLiteral)], 'notes.write')
        if (along) await writeAlong(sql, environmentId, along)
      }),

    async attention(environmentId, ids) {
      if (ids.length === 0) return []
      const rows = await database.read<Attention & Record<string, unknown>>(
        environmentId,
        selectAttention,
        [environmentId, ids],
        'notes.attention',
      )
      const found = new Map(rows.map((row) => [row.connectionId, row]))
      return ids.map((connectionId) => found.get(connectionId) ?? { connectionId, lookedAt: null, chosen: null })
    },

    look: (environmentId, ids, { at, since }) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, [...new Set(ids)].sort(), new Date(at), new Date(since)]
        const { rows } = await sql<{ id: string }>(noteLook, values, 'notes.look')
        return rows.map(({ id }) => id).sort()
      }),

    choose: (environmentId, connectionId, chosen, along) =>
      database.tenant(environmentId, async (sql) => {
        await sql(upsertChosen, [environmentId, connectionId, chosen && JSON.stringify(chosen)])
        await writeAlong(sql, environmentId, along)
      }),

    async shape(environmentId, integrationId, stream) {
      const values = [environmentId, integrationId, stream]
      const rows = await database.read<{ shape: AnswerShape }>(environmentId, selectShape, values, 'notes.shape')
      return rows[0]?.shape ?? null
    },

    saveShape: (environmentId, shape, along) =>
      database.tenant(environmentId, async (sql) => {
        const { integrationId, stream } = shape
        await sql(upsertShape, [environmentId, integrationId, stream, storableJson(shape)], 'notes.save_shape')
        if (along) await writeAlong(sql, environmentId, along)
      }),

    erase: (environmentId, connectionId) =>
      database.tenant(environmentId, async (sql) => {
        let rows = 0
        for (const table of ['stream_note', 'connection_attention']) {
          const text = `delete from ${table} where environment_id = $1 and connection_id = $2`
          rows += (await sql(text, [environmentId, connectionId], `notes.erase_${table}`)).count
        }
        return rows
      }),
  }
}

const selectNotes = `
  select n.note
  from unnest($2::text[], $3::text[]) as k (connection_id, stream)
  join stream_note n on n.environment_id = $1 and n.connection_id = k.connection_id and n.stream = k.stream`

const upsertNotes = `
  insert into stream_note (environment_id, connection_id, stream, note)
  select $1, connection_id, stream, note
  from unnest($2::text[], $3::text[], $4::jsonb[]) as incoming (connection_id, stream, note)
  order by connection_id, stream
  on conflict (environment_id, connection_id, stream) do update set note = excluded.note`

const selectAttention = `
  select connection_id as "connectionId", looked_at as "lookedAt", chosen
  from connection_attention where environment_id = $1 and connection_id = any ($2)`

const noteLook = `
  insert into connection_attention as a (environment_id, connection_id, looked_at)
  select $1, id, $3::timestamptz from unnest($2::text[]) as id
  on conflict (environment_id, connection_id) do update set looked_at = excluded.looked_at
  where a.looked_at is null or a.looked_at < $4
  returning connection_id as id`

const upsertChosen = `
  insert into connection_attention (environment_id, connection_id, chosen) values ($1, $2, $3::jsonb)
  on conflict (environment_id, connection_id) do update set chosen = excluded.chosen`

const selectShape = `
  select shape from answer_shape where environment_id = $1 and integration_id = $2 and stream = $3`

const upsertShape = `
  insert into answer_shape (environment_id, integration_id, stream, shape) values ($1, $2, $3, $4::jsonb)
  on conflict (environment_id, integration_id, stream) do update set shape = excluded.shape`

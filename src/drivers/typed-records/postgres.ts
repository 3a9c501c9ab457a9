import type { Database } from '../../ports/database.ts'
import type { TypedRecord, TypedRecords } from '../../ports/typed-records.ts'
import { writeAlong } from '../along/postgres.ts'
import { deleteInPieces } from '../database/delete-in-pieces.ts'
import { storableJson } from '../records/storable.ts'
import { newestStates } from './newest-states.ts'

/** Typed records in PostgreSQL. */
export function openPostgresTypedRecords(database: Database): TypedRecords {
  return {
    save: (environmentId, records, { at, of }) =>
      database.tenant(environmentId, async (sql) => {
        const newest = newestStates(records)
        if (newest.length === 0) return 0
        const values = [environmentId, storableJson(newest), new Date(at)]
        const { rows } = await sql<Row & { created: boolean }>(saveRecords, values, 'typed_records.save')
        const changes = rows.map(({ created, ...record }) => ({
          was: created ? ('created' as const) : ('changed' as const),
          record: record as TypedRecord,
        }))
        if (changes.length > 0) await writeAlong(sql, environmentId, of(changes))
        return changes.length
      }),

    erase: (environmentId, connectionId) =>
      deleteInPieces(database, environmentId, connectionId, { table: 'record', keys: ['kind', 'key'] }),

    list: (environmentId, { kind, connections, removed = false, before, limit }) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, kind, connections ?? null, removed, before ?? null, limit]
        return (await sql<Row>(listRecords, values, 'typed_records.list')).rows
      }),
  }
}

type Row = TypedRecord & Record<string, unknown>

const columns = `
  connection_id as "connectionId", kind, key, id, data, at, removed, message_id as "messageId", first_seen_at as "firstSeenAt", seen_at as "seenAt"`

/** By their keys, so that no two processes wait for each other. What was already there when this began was not created by it. */
const saveRecords = `
insert into record (environment_id, connection_id, kind, key, id, data, at, removed, first_seen_at, seen_at, message_id)
select $1, "connectionId", kind, key, id, data, to_timestamp(at / 1000.0), removed, $3, $3, "messageId"
from jsonb_to_recordset($2::jsonb) as r (
  "connectionId" text, kind text, key text, id text, data jsonb, at double precision, removed boolean, "messageId" text)
order by "connectionId", kind, key
on conflict (environment_id, connection_id, kind, key) do update set
  data = excluded.data, at = excluded.at, removed = excluded.removed, seen_at = excluded.seen_at, message_id = excluded.message_id
where (excluded.at, excluded.removed, excluded.message_id collate "C") > (record.at, record.removed, record.message_id collate "C")
returning ${columns}, xmax = 0 as created`

const listRecords = `
select ${columns} from record
where environment_id = $1 and kind = $2
  and ($3::text[] is null or connection_id = any ($3))
  and removed = $4
  and ($5::text is null or id < $5)
order by id desc
limit $6`

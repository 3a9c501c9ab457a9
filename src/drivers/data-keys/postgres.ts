import type { Database } from '../../ports/database.ts'
import type { DataKey, DataKeys, KeyCheck } from '../../ports/keys.ts'
import { writeAlong } from '../along/postgres.ts'
import { selectCounts } from '../sealed-texts/sealed-places.ts'

/** Wrapped data keys in PostgreSQL. */
export function openPostgresDataKeys(database: Database): DataKeys {
  return {
    read: (environmentId) =>
      database.tenant(
        environmentId,
        async (sql) => (await sql<DataKey & Record<string, unknown>>(selectKeys, [environmentId])).rows,
      ),

    add: ({ environmentId, version, keyId, wrapped, createdAt, retiredAt }, along) =>
      database.tenant(environmentId, async (sql) => {
        const instants = [new Date(createdAt), retiredAt === null ? null : new Date(retiredAt)]
        const added = (await sql(insertKey, [environmentId, version, keyId, wrapped, ...instants])).count > 0
        if (added) await writeAlong(sql, environmentId, along)
        return added
      }),

    // The row is locked first: whoever stores something that this version sealed has done so by then, or finds it gone.
    retire: (environmentId, version, along) =>
      database.tenant(environmentId, async (sql) => {
        if ((await sql(lockKey, [environmentId, version])).count === 0) return false
        const { rows } = await sql<{ version: number }>(selectCounts, [environmentId])
        if (rows.some((row) => row.version === version)) return false
        await sql(retireKey, [environmentId, version, new Date(along.at)])
        await writeAlong(sql, environmentId, along)
        return true
      }),

    check: () =>
      database.system(async (sql) => {
        const { rows } = await sql<KeyCheck & Record<string, unknown>>(selectCheck)
        return rows[0] ?? null
      }),

    setCheck: ({ keyId, value, root }) =>
      database.system(async (sql) => (await sql(insertCheck, [keyId, value, root])).count > 0),

    // Waits for those that are being added, so that afterwards none appears that the key before has wrapped.
    replaceCheck: (before, { keyId, value, root }) =>
      database.system(async (sql) => {
        await sql('lock table data_key in share row exclusive mode')
        return (await sql(updateCheck, [before.keyId, before.value, keyId, value, root])).count > 0
      }),

    wrappedByOthers: (keyId, limit) =>
      database.read<DataKey & Record<string, unknown>>(null, selectOthers, [keyId, limit]),

    rewrap: ({ environmentId, version, wrapped }, next) =>
      database.system(async (sql) => {
        const values = [environmentId, version, wrapped, next.keyId, next.wrapped]
        return (await sql(rewrapKey, values)).count > 0
      }),

    async countByKey() {
      const rows = await database.read<{ keyId: string; count: number }>(null, countByKey)
      return new Map(rows.map(({ keyId, count }) => [keyId, count]))
    },
  }
}

const columns = `
  environment_id as "environmentId", version, key_id as "keyId", wrapped, created_at as "createdAt", retired_at as "retiredAt"`

const selectKeys = `select ${columns} from data_key where environment_id = $1 order by version`

const insertKey = `
  insert into data_key (environment_id, version, key_id, wrapped, created_at, retired_at)
  select $1::text, $2::integer, $3::text, $4::bytea, $5::timestamptz, $6::timestamptz
  where not exists (select from key_check where key_id <> $3::text)
  on conflict do nothing`

const selectOthers = `
  select ${columns} from data_key where key_id <> $1 and retired_at is null order by environment_id, version limit $2`

const rewrapKey = `
  update data_key set key_id = $4, wrapped = $5
  where environment_id = $1 and version = $2 and wrapped = $3 and retired_at is null`

const countByKey = `
  select key_id as "keyId", count(*)::integer as count from data_key where retired_at is null group by key_id`

const lockKey = `
  select from data_key where environment_id = $1 and version = $2 and retired_at is null for update`

const retireKey = `update data_key set wrapped = '', retired_at = $3 where environment_id = $1 and version = $2`

const selectCheck = `select key_id as "keyId", value, root from key_check`

const insertCheck = `
  insert into key_check (singleton, key_id, value, root) values (true, $1, $2, $3) on conflict do nothing`

const updateCheck = `update key_check set key_id = $3, value = $4, root = $5 where key_id = $1 and value = $2`

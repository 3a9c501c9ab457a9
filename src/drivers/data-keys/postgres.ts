import type { Database } from '../../ports/database.ts'
import type { DataKey, DataKeys } from '../../ports/keys.ts'
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
        const { rows } = await sql<{ keyId: string; value: Buffer }>(selectCheck)
        return rows[0] ?? null
      }),

    setCheck: ({ keyId, value }) => database.system(async (sql) => (await sql(insertCheck, [keyId, value])).count > 0),
  }
}

const selectKeys = `
  select environment_id as "environmentId", version, key_id as "keyId", wrapped, created_at as "createdAt", retired_at as "retiredAt"
  from data_key where environment_id = $1 order by version`

const insertKey = `
  insert into data_key (environment_id, version, key_id, wrapped, created_at, retired_at) values ($1, $2, $3, $4, $5, $6)
  on conflict do nothing`

const lockKey = `
  select from data_key where environment_id = $1 and version = $2 and retired_at is null for update`

const retireKey = `update data_key set wrapped = '', retired_at = $3 where environment_id = $1 and version = $2`

const selectCheck = `select key_id as "keyId", value from key_check`

const insertCheck = `insert into key_check (singleton, key_id, value) values (true, $1, $2) on conflict do nothing`

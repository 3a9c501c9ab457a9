import type { Database } from '../../ports/database.ts'
import type { DefinitionHead, Definitions, StoredDefinition } from '../../ports/definitions.ts'
import { writeAlong } from '../along/postgres.ts'

/** Definitions in PostgreSQL. */
export const openPostgresDefinitions = (database: Database): Definitions => ({
  heads: (environmentId) =>
    database.read<DefinitionHead & Record<string, unknown>>(
      environmentId,
      selectHeads,
      [environmentId],
      'definitions.heads',
    ),

  read: (environmentId, ids) =>
    database.read<StoredDefinition & Record<string, unknown>>(
      environmentId,
      selectDefinitions,
      [environmentId, ids],
      'definitions.read',
    ),

  save: ({ environmentId, id, digest, document }, { expects, most }, along) =>
    database.tenant(environmentId, async (sql) => {
      const values = [environmentId, id, digest, JSON.stringify(document), new Date(along.at)]
      const { rows } = await (expects === null
        ? sql<{ version: number }>(insertDefinition, [...values, most], 'definitions.insert')
        : sql<{ version: number }>(updateDefinition, [...values, expects], 'definitions.replace'))
      if (rows[0]) {
        await writeAlong(sql, environmentId, along)
        return rows[0].version
      }
      const there = await sql(selectDefinitions, [environmentId, [id]], 'definitions.read')
      return expects !== null || there.rows.length > 0 ? 'changed' : 'full'
    }),

  remove: (environmentId, id, along) =>
    database.tenant(environmentId, async (sql) => {
      const removed = (await sql(deleteDefinition, [environmentId, id], 'definitions.remove')).count > 0
      if (removed) await writeAlong(sql, environmentId, along)
      return removed
    }),
})

const selectHeads = `
  select id, version, digest from provider_definition where environment_id = $1 order by id collate "C"`

const selectDefinitions = `
  select environment_id as "environmentId", id, version, digest, document, created_at as "createdAt", updated_at as "updatedAt"
  from provider_definition where environment_id = $1 and id = any ($2)`

const insertDefinition = `
  insert into provider_definition (environment_id, id, version, digest, document, created_at, updated_at)
  select $1, $2, 1, $3, $4, $5, $5
  where (select count(*) from provider_definition where environment_id = $1) < $6
  on conflict do nothing
  returning version`

const updateDefinition = `
  update provider_definition set version = version + 1, digest = $3, document = $4, updated_at = $5
  where environment_id = $1 and id = $2 and digest = $6
  returning version`

const deleteDefinition = `delete from provider_definition where environment_id = $1 and id = $2`

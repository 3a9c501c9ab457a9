import type { Database, Sql } from '../../ports/database.ts'
import type { Directory, Environment, Integration, Profile } from '../../ports/directory.ts'
import { writeAlong } from '../along/postgres.ts'
import { together } from '../database/together.ts'

/** Environments, integrations and profiles in PostgreSQL. */
export function openPostgresDirectory(database: Database): Directory {
  const readIntegration = together(async (environmentId, ids) => {
    const text = `${selectIntegrations} and id = any ($2)`
    const rows = await database.read<Row<Integration>>(
      environmentId,
      text,
      [environmentId, ids],
      'directory.integration',
    )
    return new Map(rows.map((row) => [row.id, row]))
  })

  return {
    async saveEnvironment({ id, workspace, mode, createdAt }) {
      await database.system((sql) => sql(upsertEnvironment, [id, workspace, mode, new Date(createdAt)]))
    },

    environments: () => database.read<Row<Environment>>(null, selectEnvironments, [], 'directory.environments'),

    saveIntegration: (integration, along) =>
      database.tenant(integration.environmentId, async (sql) => {
        await sql(upsertIntegration, [
          integration.environmentId,
          integration.id,
          integration.provider,
          integration.name,
          integration.clientId,
          integration.clientSecret,
          JSON.stringify(integration.settings),
          integration.scopes,
          integration.enabled,
          integration.incident ? JSON.stringify(integration.incident) : null,
          new Date(integration.createdAt),
        ])
        await keepIncident(sql, integration.environmentId, integration.id, integration.incident, along.at)
        await writeAlong(sql, integration.environmentId, along)
      }),

    setIncident: (environmentId, id, incident, along) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, id, incident ? JSON.stringify(incident) : null, incident?.code ?? null]
        const changed = (await sql(updateIncident, values)).count > 0
        if (!changed) return false
        await keepIncident(sql, environmentId, id, incident, along.at)
        await writeAlong(sql, environmentId, along)
        return true
      }),

    integrations: (environmentId) =>
      database.tenant(environmentId, async (sql) => {
        const text = `${selectIntegrations} order by id collate "C"`
        return (await sql<Row<Integration>>(text, [environmentId], 'directory.integrations')).rows
      }),

    integration: readIntegration,

    environmentOfIntegration: (integrationId) =>
      database.system(async (sql) => {
        const { rows } = await sql<{ environmentId: string }>(selectEnvironmentOf, [integrationId], 'directory.address')
        return rows.length === 1 ? rows[0]!.environmentId : null
      }),

    saveProfile: ({ id, environmentId, name, createdAt }) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, id, name, new Date(createdAt)]
        return (await sql<Row<Profile>>(upsertProfile, values, 'directory.save_profile')).rows[0]!
      }),

    profiles: (environmentId, { after, limit, ids }) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, after ?? null, ids ?? null, limit]
        return (await sql<Row<Profile>>(selectProfiles, values, 'directory.profiles')).rows
      }),
  }
}

type Row<T> = T & Record<string, unknown>

const upsertEnvironment = `
  insert into environment (id, workspace, mode, created_at) values ($1, $2, $3, $4)
  on conflict (id) do update set workspace = excluded.workspace`

const selectEnvironments = `
  select id, workspace, mode, created_at as "createdAt" from environment order by id collate "C"`

const upsertIntegration = `
  insert into integration (
    environment_id, id, provider, name, client_id, client_secret, settings, scopes, enabled, incident, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  on conflict (environment_id, id) do update set
    provider = excluded.provider, name = excluded.name, client_id = excluded.client_id, client_secret = excluded.client_secret,
    settings = excluded.settings, scopes = excluded.scopes, enabled = excluded.enabled, incident = excluded.incident`

const updateIncident = `
  update integration set incident = $3
  where environment_id = $1 and id = $2 and incident ->> 'code' is distinct from $4::text`

/** The integration's incident is the open one of its history. */
async function keepIncident(
  sql: Sql,
  environmentId: string,
  integrationId: string,
  incident: Integration['incident'],
  at: number,
): Promise<void> {
  await sql(
    closeIncidents,
    [environmentId, integrationId, incident?.id ?? null, new Date(at)],
    'directory.close_incidents',
  )
  if (!incident) return
  const { id, code, says, since } = incident
  await sql(openIncident, [environmentId, integrationId, id, code, says, new Date(since)], 'directory.open_incident')
}

const closeIncidents = `
  update incident set closed_at = $4
  where environment_id = $1 and integration_id = $2 and closed_at is null and id is distinct from $3::text`

const openIncident = `
  insert into incident (environment_id, integration_id, id, provider, code, says, opened_at)
  select $1, id, $3, provider, $4, $5, $6 from integration where environment_id = $1 and id = $2
  on conflict do nothing`

const selectIntegrations = `
  select environment_id as "environmentId", id, provider, name, client_id as "clientId", client_secret as "clientSecret", settings, scopes,
         enabled, incident, created_at as "createdAt"
  from integration where environment_id = $1`

/** Two environments with an integration of the same id: then the address belongs to neither. */
const selectEnvironmentOf = `select environment_id as "environmentId" from integration where id = $1 limit 2`

const upsertProfile = `
  insert into profile (environment_id, id, name, created_at) values ($1, $2, coalesce(nullif($3, ''), $2), $4)
  on conflict (environment_id, id) do update set name = coalesce(nullif($3, ''), profile.name)
  returning environment_id as "environmentId", id, name, created_at as "createdAt"`

const selectProfiles = `
  select environment_id as "environmentId", id, name, created_at as "createdAt" from profile
  where environment_id = $1 and ($2::text is null or id collate "C" > $2) and ($3::text[] is null or id = any ($3))
  order by id collate "C"
  limit $4`

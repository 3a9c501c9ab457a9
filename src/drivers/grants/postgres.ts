import type { Database } from '../../ports/database.ts'
import type { Grant, Grants } from '../../ports/grants.ts'
import { writeAlong } from '../along/postgres.ts'
import { DatabaseError } from '../database/database-error.ts'
import { together } from '../database/together.ts'

/** Grants in PostgreSQL. Every change is one compare-and-swap statement and its traces, in one transaction. */
export function openPostgresGrants(database: Database): Grants {
  /** Runs one statement that changes at most one grant; what goes along is written only when it did. */
  const change = (
    environmentId: string,
    text: string,
    values: unknown[],
    name: string,
    along: Parameters<typeof writeAlong>[2],
  ) =>
    database
      .tenant(environmentId, async (sql) => {
        const { count } = await sql(text, values, name)
        if (count > 0) await writeAlong(sql, environmentId, along)
        return count > 0
      })
      .catch(unlessSecond)

  const endLate = (environmentId: string, id: string, generation: number, leaseId: string) =>
    database.tenant(environmentId, (sql) =>
      sql(endLateLease, [environmentId, id, generation, leaseId], 'grants.end_late'),
    )

  const read = together(async (environmentId, ids) => {
    const rows = await database.read<Row>(environmentId, selectByIds, [environmentId, ids], 'grants.read')
    return new Map(rows.map((row) => [row.id, toGrant(row)]))
  })

  return {
    create: (grant, along) => change(grant.environmentId, insertGrant, valuesOf(grant), 'grants.create', along),

    read,

    findBySubject: (environmentId, integrationId, subjectId) =>
      database.tenant(environmentId, async (sql) => {
        const { rows } = await sql<Row>(selectBySubject, [environmentId, integrationId, subjectId], 'grants.by_subject')
        return rows[0] ? toGrant(rows[0]) : null
      }),

    idsOfSubject: async (environmentId, integrationId, subjectId) => {
      const values = [environmentId, integrationId, subjectId]
      const rows = await database.read<{ id: string }>(
        environmentId,
        selectIdsOfSubject,
        values,
        'grants.ids_of_subject',
      )
      return rows.map(({ id }) => id)
    },

    lease: (environmentId, id, { generation, leaseId, now, until, dead = false }) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, id, generation, leaseId, new Date(now), new Date(until), dead]
        return (await sql(takeLease, values, 'grants.lease')).count > 0
      }),

    async commit(environmentId, id, generation, next, along) {
      const { askedUnder } = next
      const stored = await change(
        environmentId,
        commitTokens,
        [
          environmentId,
          id,
          generation,
          next.access,
          next.refresh,
          next.previousRefresh,
          next.scopes,
          new Date(next.refreshedAt),
          toDate(next.accessExpiresAt),
          toDate(next.refreshExpiresAt),
          toDate(next.dataAccessExpiresAt),
          toDate(next.refreshDueAt),
          toDate(next.consentedAt ?? null),
          next.subject?.id ?? null,
          next.subject?.name ?? null,
          toDate(next.endsAt),
          toDate(next.warnDueAt),
          askedUnder ?? null,
          new Date(along.at),
        ],
        'grants.commit',
        along,
      )
      if (!stored && askedUnder !== undefined) await endLate(environmentId, id, generation, askedUnder)
      return stored
    },

    async release(environmentId, id, generation, { leaseId, state, cause, refreshDueAt }, along) {
      const values = [environmentId, id, generation, leaseId, state, cause, toDate(refreshDueAt)]
      const released = await change(environmentId, releaseLease, values, 'grants.release', along)
      if (!released) await endLate(environmentId, id, generation, leaseId)
      return released
    },

    endLeases: (environmentId, now) =>
      database.tenant(
        environmentId,
        async (sql) => (await sql(endLeases, [environmentId, new Date(now)], 'grants.end_leases')).count,
      ),

    forget: (environmentId, id, state, along, generation) =>
      change(environmentId, forgetSecrets, [environmentId, id, state, generation ?? null], 'grants.forget', along),

    due: (now, limit) =>
      database.system(
        async (sql) =>
          (await sql<{ environmentId: string; id: string }>(selectDue, [new Date(now), limit], 'grants.due')).rows,
      ),

    postpone: (environmentId, id, seen, { now, refreshDueAt }) =>
      database.tenant(environmentId, async (sql) => {
        const before = [seen.generation, seen.state, toDate(seen.refreshDueAt)]
        const values = [environmentId, id, ...before, new Date(now), toDate(refreshDueAt)]
        return (await sql(postponeRefresh, values, 'grants.postpone')).count > 0
      }),

    expiring: (now, limit) =>
      database.system(
        async (sql) =>
          (await sql<{ environmentId: string; id: string }>(selectExpiring, [new Date(now), limit], 'grants.expiring'))
            .rows,
      ),

    warn: (environmentId, id, { dueAt, nextAt }, along) =>
      change(environmentId, noteWarning, [environmentId, id, new Date(dueAt), toDate(nextAt)], 'grants.warn', along),
  }
}

/** The person has another usable grant at that integration. The index says so, whoever comes first. */
function unlessSecond(error: unknown): false {
  if (error instanceof DatabaseError && error.constraint === 'account_grant_person') return false
  throw error
}

type Row = Omit<Grant, 'subject'> & { subjectId: string; subjectName: string } & Record<string, unknown>

function toGrant({ subjectId, subjectName, ...grant }: Row): Grant {
  return { ...grant, subject: { id: subjectId, name: subjectName } }
}

const toDate = (instant: number | null) => (instant === null ? null : new Date(instant))

const valuesOf = (grant: Grant) => [
  grant.environmentId,
  grant.id,
  grant.integrationId,
  grant.subject.id,
  grant.subject.name,
  grant.scopes,
  grant.access,
  grant.refresh,
  grant.previousRefresh,
  grant.generation,
  grant.state,
  grant.cause,
  new Date(grant.consentedAt),
  new Date(grant.refreshedAt),
  toDate(grant.accessExpiresAt),
  toDate(grant.refreshExpiresAt),
  toDate(grant.dataAccessExpiresAt),
  toDate(grant.refreshDueAt),
  grant.leaseId,
  toDate(grant.leaseUntil),
  grant.attempts,
  toDate(grant.endsAt),
  toDate(grant.warnDueAt),
]

const columns = `
  environment_id as "environmentId", id, integration_id as "integrationId", subject_id as "subjectId", subject_name as "subjectName",
  scopes, access, refresh, previous_refresh as "previousRefresh", generation, state, cause, consented_at as "consentedAt",
  refreshed_at as "refreshedAt", access_expires_at as "accessExpiresAt", refresh_expires_at as "refreshExpiresAt",
  data_access_expires_at as "dataAccessExpiresAt", refresh_due_at as "refreshDueAt", lease_id as "leaseId",
  lease_until as "leaseUntil", attempts, ends_at as "endsAt", warn_due_at as "warnDueAt"`

const selectByIds = `select ${columns} from account_grant where environment_id = $1 and id = any ($2)`

const selectBySubject = `
  select ${columns} from account_grant
  where environment_id = $1 and integration_id = $2 and subject_id = $3 and subject_id <> '' and state in ('live', 'unknown')
  order by consented_at desc, id collate "C" desc
  limit 1`

const selectIdsOfSubject = `
  select id from account_grant
  where environment_id = $1 and integration_id = $2 and subject_id = $3
  order by id collate "C"
  limit 1000`

const insertGrant = `
  insert into account_grant (
    environment_id, id, integration_id, subject_id, subject_name, scopes, access, refresh, previous_refresh, generation, state, cause,
    consented_at, refreshed_at, access_expires_at, refresh_expires_at, data_access_expires_at, refresh_due_at, lease_id, lease_until, attempts,
    ends_at, warn_due_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`

const takeLease = `
  update account_grant set lease_id = $4, lease_until = $6, attempts = attempts + 1
  where environment_id = $1 and id = $2 and generation = $3 and (state in ('live', 'unknown') or $7 and state = 'dead')
    and (lease_until is null or lease_until <= $5)`

const commitTokens = `
  update account_grant set
    generation = generation + 1, state = 'live', cause = null, attempts = 0,
    lease_id = case when lease_id <> $18::text and lease_until > $19 then lease_id end,
    lease_until = case when lease_id <> $18::text and lease_until > $19 then lease_until end,
    access = $4, refresh = $5, previous_refresh = $6, scopes = $7, refreshed_at = $8, access_expires_at = $9,
    refresh_expires_at = $10, data_access_expires_at = $11, refresh_due_at = $12,
    consented_at = coalesce($13, consented_at), subject_id = coalesce($14, subject_id), subject_name = coalesce($15, subject_name),
    ends_at = $16, warn_due_at = $17
  where environment_id = $1 and id = $2 and generation = $3`

/** Of a refresh whose grant has other tokens by now. */
const endLateLease = `
  update account_grant set lease_id = null, lease_until = null
  where environment_id = $1 and id = $2 and generation <> $3 and lease_id = $4`

const releaseLease = `
  update account_grant set
    state = $5, cause = $6, refresh_due_at = $7,
    lease_until = case when lease_id = $4 then null else lease_until end,
    lease_id = case when lease_id = $4 then null else lease_id end
  where environment_id = $1 and id = $2 and generation = $3`

const endLeases = `update account_grant set lease_until = $2 where environment_id = $1 and lease_until > $2`

const forgetSecrets = `
  update account_grant set
    access = null, refresh = null, previous_refresh = null, state = $3, generation = generation + 1,
    refresh_due_at = null, warn_due_at = null, lease_id = null, lease_until = null
  where environment_id = $1 and id = $2 and ($4::integer is null or generation = $4)`

const selectDue = `
  select environment_id as "environmentId", id from account_grant
  where refresh_due_at <= $1 and (lease_until is null or lease_until <= $1) and state in ('live', 'unknown')
  order by refresh_due_at, environment_id collate "C", id collate "C"
  limit $2`

const postponeRefresh = `
  update account_grant set refresh_due_at = $7, attempts = 0
  where environment_id = $1 and id = $2 and generation = $3 and state = $4 and state in ('live', 'unknown')
    and refresh_due_at is not distinct from $5 and (lease_until is null or lease_until <= $6)`

const selectExpiring = `
  select environment_id as "environmentId", id from account_grant
  where warn_due_at <= $1 and state in ('live', 'unknown')
  order by warn_due_at, environment_id collate "C", id collate "C"
  limit $2`

const noteWarning = `
  update account_grant set warn_due_at = $4
  where environment_id = $1 and id = $2 and warn_due_at = $3 and state in ('live', 'unknown')`

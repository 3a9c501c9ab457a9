import { type Connection, type ConnectionState, type Connections, connectionEdges } from '../../ports/connections.ts'
import type { Database, Sql } from '../../ports/database.ts'
import { writeAlong } from '../along/postgres.ts'
import { together } from '../database/together.ts'

/** Connections in PostgreSQL. A change of state, its row of history and its traces are one transaction. */
export function openPostgresConnections(database: Database): Connections {
  const read = together(async (environmentId, ids) => {
    const rows = await database.read<Row>(environmentId, selectByIds, [environmentId, ids], 'connections.read')
    return new Map(rows.map((row) => [row.id, row]))
  })

  return {
    create: (connection, along) =>
      database.tenant(connection.environmentId, async (sql) => {
        // The one that stood in the way may be disconnected before it is read; then there is room.
        for (let attempt = 1; ; attempt++) {
          const { count } = await sql(insertConnection, [...valuesOf(connection), along.actor], 'connections.create')
          if (count > 0) {
            await writeAlong(sql, connection.environmentId, along)
            return { created: true as const }
          }
          const { environmentId, profileId, integrationId, account } = connection
          const key = [environmentId, profileId, integrationId, account.id]
          const exists = (await sql<Row>(selectByAccount, key, 'connections.by_account')).rows[0]
          if (exists) return { created: false as const, exists }
          if (attempt === 3) throw new Error(`there already is another connection ${connection.id}`)
        }
      }),

    read,

    list: (environmentId, page) =>
      database.tenant(environmentId, async (sql) => {
        const { after, limit, profile, provider, state, grant, integration, account, ids, accounts, otherId } = page
        const { reason, stateSince } = page
        const known = [after, limit, profile, provider, state, grant, integration, account, ids, accounts, otherId]
        const since = stateSince === undefined ? null : new Date(stateSince)
        const values = [...known, reason, since].map((v) => v ?? null)
        return (await sql<Row>(selectPage, [environmentId, ...values], 'connections.list')).rows
      }),

    move: (environmentId, id, { from, to, reason, grant, missingScopes }, along) =>
      database.tenant(environmentId, async (sql) => {
        const allowed = from.filter((state) => connectionEdges[state].includes(to))
        const { id: grantId = null, states = null, generation = null } = grant ?? {}
        const change = [allowed, to, reason, new Date(along.at), along.actor, missingScopes ?? null]
        const values = [environmentId, id, ...change, grantId, states, generation]
        const moved = (await sql(moveState, values, 'connections.move')).count > 0
        if (moved) await writeAlong(sql, environmentId, along)
        return moved
      }),

    update: (environmentId, id, { grantId, account, inputs, missingScopes }, along) =>
      database.tenant(environmentId, async (sql) => {
        const values = [
          environmentId,
          id,
          grantId ?? null,
          account?.id ?? null,
          account ? JSON.stringify(account) : null,
          inputs ? JSON.stringify(inputs) : null,
          missingScopes ?? null,
        ]
        const { count } = await sql(updateConnection, values, 'connections.update')
        if (count > 0) await writeAlong(sql, environmentId, along)
      }),

    transitions: (environmentId, id, limit) =>
      database.tenant(environmentId, async (sql) => {
        const { rows } = await sql<Transitions>(
          selectTransitions,
          [environmentId, id, limit],
          'connections.transitions',
        )
        return rows
      }),

    count: (environmentId, of) => database.tenant(environmentId, (sql) => countStates(sql, environmentId, of)),
  }
}

async function countStates(
  sql: Sql,
  environmentId: string,
  { integration }: { integration?: string } = {},
): Promise<Partial<Record<ConnectionState, number>>> {
  const { rows } = await sql<{ state: ConnectionState; count: number }>(
    selectCounts,
    [environmentId, integration ?? null],
    'connections.count',
  )
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}

type Row = Connection & Record<string, unknown>
type Transitions = Awaited<ReturnType<Connections['transitions']>>[number] & Record<string, unknown>

const valuesOf = (connection: Connection) => [
  connection.environmentId,
  connection.id,
  connection.profileId,
  connection.provider,
  connection.integrationId,
  connection.grantId,
  connection.account.id,
  JSON.stringify(connection.account),
  JSON.stringify(connection.inputs),
  connection.state,
  connection.reason,
  connection.missingScopes,
  new Date(connection.stateAt),
  new Date(connection.createdAt),
]

const columns = `
  environment_id as "environmentId", id, profile_id as "profileId", provider, integration_id as "integrationId", grant_id as "grantId",
  account, inputs, state, reason, missing_scopes as "missingScopes", state_at as "stateAt", created_at as "createdAt"`

const insertConnection = `
  with made as (
    insert into connection (
      environment_id, id, profile_id, provider, integration_id, grant_id, account_id, account, inputs, state, reason, missing_scopes,
      state_at, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    on conflict do nothing
    returning environment_id, id, state, reason, state_at)
  insert into transition (environment_id, connection_id, from_state, to_state, reason, actor, at)
  select environment_id, id, null, state, reason, $15, state_at from made`

const selectByIds = `select ${columns} from connection where environment_id = $1 and id = any ($2)`

const selectByAccount = `
  select ${columns} from connection
  where environment_id = $1 and profile_id = $2 and integration_id = $3 and account_id = $4 and state <> 'disconnected'`

const selectPage = `
  select ${columns} from connection
  where environment_id = $1
    and ($2::text is null or id collate "C" > $2)
    and ($4::text is null or profile_id = $4)
    and ($5::text is null or provider = $5)
    and (state = $6 or $6::text is null and state <> 'disconnected')
    and ($7::text is null or grant_id = $7)
    and ($8::text is null or integration_id = $8)
    and ($9::text is null or account_id = $9)
    and ($10::text[] is null or id = any ($10))
    and ($11::text[] is null or account_id = any ($11))
    and ($12::text is null or account -> 'otherIds' ? $12)
    and ($13::text is null or reason = $13)
    and ($14::timestamptz is null or state_at >= $14)
  order by id collate "C"
  limit $3`

/** The grant is held as it was seen until this is committed, so that nobody renews or ends it in between. */
const moveState = `
  with stands as (
    select 1 from account_grant
    where environment_id = $1 and id = $9 and state = any ($10::text[]) and ($11::integer is null or generation = $11) for share),
  before as (
    select state from connection
    where environment_id = $1 and id = $2 and state = any ($3::text[])
      and ($9::text is null or grant_id = $9 and exists (select from stands))
    for update),
  moved as (
    update connection set state = $4, reason = $5, state_at = $6, missing_scopes = coalesce($8, missing_scopes)
    from before where environment_id = $1 and id = $2)
  insert into transition (environment_id, connection_id, from_state, to_state, reason, actor, at)
  select $1, $2, state, $4, $5, $7, $6 from before`

const updateConnection = `
  update connection set
    grant_id = coalesce($3, grant_id), account_id = coalesce($4, account_id), account = coalesce($5, account),
    inputs = coalesce($6, inputs), missing_scopes = coalesce($7, missing_scopes)
  where environment_id = $1 and id = $2`

const selectTransitions = `
  select connection_id as "connectionId", from_state as "from", to_state as "to", reason, actor, at
  from transition where environment_id = $1 and connection_id = $2
  order by sequence desc limit $3`

const selectCounts = `select state, count(*) from connection where environment_id = $1 and ($2::text is null or integration_id = $2) group by state order by state`

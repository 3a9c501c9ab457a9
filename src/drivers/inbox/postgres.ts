import type { Database } from '../../ports/database.ts'
import type { Inbox, Message } from '../../ports/inbox.ts'

/** Messages in PostgreSQL. The system role only sees which ones wait; their content is read as the tenant. */
export function openPostgresInbox(database: Database): Inbox {
  return {
    async store(messages) {
      const outcomes = new Map<string, 'stored' | 'duplicate'>()
      for (const [environmentId, mine] of Map.groupBy(messages, (message) => message.environmentId)) {
        const { rows } = await database.tenant(environmentId, (sql) =>
          sql<{ id: string }>(
            storeMessages,
            [
              environmentId,
              mine.map(({ id }) => id),
              mine.map(({ integrationId }) => integrationId),
              mine.map(({ provider }) => provider),
              mine.map(({ dedupe }) => dedupe),
              mine.map(({ headers }) => JSON.stringify(headers)),
              mine.map(({ body }) => Buffer.from(body)),
              mine.map(({ receivedAt }) => new Date(receivedAt)),
              mine.map(({ state }) => state),
            ],
            'inbox.store',
          ),
        )
        const stored = new Set(rows.map(({ id }) => id))
        for (const { id } of mine) outcomes.set(id, stored.has(id) ? 'stored' : 'duplicate')
      }
      return messages.map(({ id }) => outcomes.get(id)!)
    },

    async claim({ now, until, limit }) {
      const { rows } = await database.system((sql) =>
        sql<{ environment_id: string; id: string }>(findWaiting, [new Date(now), limit], 'inbox.find_waiting'),
      )
      const claimed: Message[] = []
      for (const [environmentId, mine] of Map.groupBy(rows, (row) => row.environment_id)) {
        const { rows: taken } = await database.tenant(environmentId, (sql) =>
          sql<Row>(
            claimMessages,
            [environmentId, mine.map(({ id }) => id), new Date(now), new Date(until)],
            'inbox.claim',
          ),
        )
        claimed.push(...taken.map(messageOf))
      }
      return claimed.sort((a, b) => a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1))
    },

    async finish(environmentId, id, { state, fault, processedAt }) {
      await database.tenant(environmentId, (sql) =>
        sql(
          finishMessage,
          [environmentId, id, state, fault, processedAt === null ? null : new Date(processedAt)],
          'inbox.finish',
        ),
      )
    },

    async list(environmentId, { limit, before, state }) {
      const { rows } = await database.tenant(environmentId, (sql) =>
        sql<Row>(listMessages, [environmentId, before ?? null, state ?? null, limit], 'inbox.list'),
      )
      return rows.map(messageOf)
    },
  }
}

interface Row extends Record<string, unknown> {
  environment_id: string
  id: string
  integration_id: string
  provider: string
  dedupe: string
  headers: Record<string, string>
  body: Uint8Array
  received_at: number
  state: Message['state']
  fault: string | null
  processed_at: number | null
}

function messageOf(row: Row): Message {
  return {
    id: row.id,
    environmentId: row.environment_id,
    integrationId: row.integration_id,
    provider: row.provider,
    dedupe: row.dedupe,
    headers: row.headers,
    body: new Uint8Array(row.body),
    receivedAt: row.received_at,
    state: row.state,
    fault: row.fault,
    processedAt: row.processed_at,
  }
}

/** Two of the same in one call are one message too: the first counts. */
const storeMessages = `
insert into message (environment_id, id, integration_id, provider, dedupe, headers, body, received_at, state)
select distinct on (m.integration_id, m.dedupe) $1, m.id, m.integration_id, m.provider, m.dedupe, m.headers, m.body, m.received_at, m.state
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::bytea[], $8::timestamptz[], $9::text[])
  with ordinality as m (id, integration_id, provider, dedupe, headers, body, received_at, state, place)
order by m.integration_id, m.dedupe, m.place
on conflict (environment_id, integration_id, dedupe) do nothing
returning id`

const findWaiting = `
select environment_id, id from message
where state = 'received' and (claimed_until is null or claimed_until <= $1)
order by received_at, id
limit $2`

/** Looked at again under the lock: of two that found the same message one gets it. */
const claimMessages = `
update message set claimed_until = $4
where environment_id = $1 and id in (
  select id from message
  where environment_id = $1 and id = any($2::text[]) and state = 'received' and (claimed_until is null or claimed_until <= $3)
  order by id
  for update skip locked
)
returning *`

const finishMessage = `
update message set state = $3, fault = $4, processed_at = $5, claimed_until = null
where environment_id = $1 and id = $2`

const listMessages = `
select * from message
where environment_id = $1 and ($2::text is null or id < $2) and ($3::text is null or state = $3)
order by id desc
limit $4`

import type { Database } from '../../ports/database.ts'
import type { Subscription, Subscriptions } from '../../ports/subscriptions.ts'

/** Subscriptions in PostgreSQL. The system role sees only whose turn it is. */
export function openPostgresSubscriptions(database: Database): Subscriptions {
  return {
    want: (environmentId, wanted, { now, again = false }) =>
      database.tenant(environmentId, async (sql) => {
        if (wanted.length === 0) return
        const values = [environmentId, JSON.stringify(wanted), new Date(now), again]
        await sql(wantSubscriptions, values, 'subscriptions.want')
      }),

    unwant: (environmentId, connectionIds, now) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, connectionIds, new Date(now)]
        return (await sql(unwantSubscriptions, values, 'subscriptions.unwant')).count
      }),

    async claim({ now, until, limit }) {
      const due = await database.read<{ id: string }>(null, findDue, [new Date(now), limit], 'subscriptions.find_due')
      const claimed: Subscription[] = []
      for (const { id } of due) {
        if (claimed.length >= limit) break
        const values = [id, new Date(now), new Date(until), limit - claimed.length]
        claimed.push(
          ...(await database.tenant(id, async (sql) => {
            return (await sql<Row>(claimSubscriptions, values, 'subscriptions.claim')).rows
          })),
        )
      }
      return claimed
    },

    change: (environmentId, id, change) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, id, JSON.stringify(change)]
        return (await sql<Row>(changeSubscription, values, 'subscriptions.change')).rows[0] ?? null
      }),

    hasten: (environmentId, ids, now) =>
      database.tenant(environmentId, async (sql) => {
        return (await sql(hastenSubscriptions, [environmentId, ids, new Date(now)], 'subscriptions.hasten')).count
      }),

    remove: (environmentId, id) =>
      database.tenant(environmentId, async (sql) => {
        await sql(removeSubscription, [environmentId, id], 'subscriptions.remove')
      }),

    ofTopic: (environmentId, integrationId, topic) =>
      database.tenant(environmentId, async (sql) => {
        return (await sql<Row>(findTopic, [environmentId, integrationId, topic], 'subscriptions.of_topic')).rows
      }),

    list: (environmentId, { limit, after, provider, connections }) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, after ?? null, provider ?? null, connections ?? null, limit]
        return (await sql<Row>(listSubscriptions, values, 'subscriptions.list')).rows
      }),
  }
}

type Row = Subscription & Record<string, unknown>

const columns = `
  environment_id as "environmentId", id, connection_id as "connectionId", integration_id as "integrationId", provider, account, topic, kinds,
  wanted, state, actual, until, due_at as "dueAt", attempts, fault, drifts, asked_at as "askedAt", confirmed_at as "confirmedAt",
  checked_at as "checkedAt", created_at as "createdAt"`

const wantSubscriptions = `
insert into subscription as s (
  environment_id, id, connection_id, integration_id, provider, account, topic, kinds, wanted, state, due_at, attempts, drifts, created_at)
select $1, id, "connectionId", "integrationId", provider, account, topic, kinds, true, 'missing', $3, 0, 0, $3
from jsonb_to_recordset($2::jsonb) as r (
  id text, "connectionId" text, "integrationId" text, provider text, account text, topic text, kinds text[])
order by "connectionId"
on conflict (environment_id, connection_id) do update set
  topic = excluded.topic, kinds = excluded.kinds, account = excluded.account, integration_id = excluded.integration_id,
  provider = excluded.provider, wanted = true,
  due_at = case when $4 or not s.wanted or s.topic <> excluded.topic or s.kinds <> excluded.kinds then $3 else s.due_at end,
  attempts = case when $4 or not s.wanted or s.topic <> excluded.topic or s.kinds <> excluded.kinds then 0 else s.attempts end,
  state = case when $4 then 'missing' else s.state end`

const unwantSubscriptions = `
update subscription set wanted = false, due_at = $3, attempts = 0
where environment_id = $1 and connection_id = any ($2) and wanted`

const findDue = `
select environment_id as id from subscription where due_at <= $1 group by environment_id order by min(due_at) limit $2`

const claimSubscriptions = `
with due as (
  select id from subscription where environment_id = $1 and due_at <= $2
  order by due_at, id limit $4 for update skip locked
)
update subscription set due_at = $3 from due where environment_id = $1 and subscription.id = due.id
returning ${columns.replace(', id,', ', subscription.id,')}`

/** What is not named stays. */
const changeSubscription = `
update subscription set
  state = case when $3::jsonb ? 'state' then c.state else subscription.state end,
  actual = case when $3::jsonb ? 'actual' then c.actual else subscription.actual end,
  until = case when $3::jsonb ? 'until' then to_timestamp(c.until / 1000.0) else subscription.until end,
  due_at = case when $3::jsonb ? 'dueAt' then to_timestamp(c."dueAt" / 1000.0) else subscription.due_at end,
  attempts = case when $3::jsonb ? 'attempts' then c.attempts else subscription.attempts end,
  fault = case when $3::jsonb ? 'fault' then c.fault else subscription.fault end,
  drifts = case when $3::jsonb ? 'drifts' then c.drifts else subscription.drifts end,
  asked_at = case when $3::jsonb ? 'askedAt' then to_timestamp(c."askedAt" / 1000.0) else subscription.asked_at end,
  confirmed_at = case when $3::jsonb ? 'confirmedAt' then to_timestamp(c."confirmedAt" / 1000.0) else subscription.confirmed_at end,
  checked_at = case when $3::jsonb ? 'checkedAt' then to_timestamp(c."checkedAt" / 1000.0) else subscription.checked_at end
from jsonb_to_record($3::jsonb) as c (
  state text, actual text[], until double precision, "dueAt" double precision, attempts integer, fault text, drifts integer,
  "askedAt" double precision, "confirmedAt" double precision, "checkedAt" double precision)
where environment_id = $1 and id = $2
returning ${columns.replaceAll(/\b(state|actual|until|attempts|fault|drifts)\b/g, 'subscription.$1')}`

const hastenSubscriptions = `
update subscription set due_at = least(due_at, $3), attempts = 0 where environment_id = $1 and id = any ($2)`

const removeSubscription = `delete from subscription where environment_id = $1 and id = $2`

const findTopic = `
select ${columns} from subscription where environment_id = $1 and integration_id = $2 and topic = $3 order by id`

const listSubscriptions = `
select ${columns} from subscription
where environment_id = $1
  and ($2::text is null or id > $2)
  and ($3::text is null or provider = $3)
  and ($4::text[] is null or connection_id = any ($4))
order by id
limit $5`

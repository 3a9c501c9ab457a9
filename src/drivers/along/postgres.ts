import type { Along } from '../../ports/along.ts'
import type { Sql } from '../../ports/database.ts'

/**
 * Writes what goes along with a change, in the transaction of that change: hand on its `sql`, which must be the tenant's of that environment.
 * An event or task that is already there by its id is left alone, so that a repeated write does no harm.
 */
export async function writeAlong(sql: Sql, environmentId: string, along: Along): Promise<void> {
  const { at, events = [], audit = [], openTasks = [], closeTasks = [] } = along
  const now = new Date(at)
  if (events.length > 0) await sql(insertEvents, [environmentId, now, JSON.stringify(events)], 'along.events')
  if (audit.length > 0) await writeAudit(sql, environmentId, [along])
  if (closeTasks.length > 0) await sql(closeOpenTasks, [environmentId, now, JSON.stringify(closeTasks)], 'along.close')
  if (openTasks.length > 0) await sql(insertTasks, [environmentId, now, JSON.stringify(openTasks)], 'along.open')
}

/** What several actors did, in one statement. */
export async function writeAudit(sql: Sql, environmentId: string, alongs: readonly Along[]): Promise<void> {
  const rows = alongs.flatMap(({ at, actor, audit = [] }) => audit.map((row) => ({ ...row, at: new Date(at), actor })))
  if (rows.length > 0) await sql(insertAudit, [environmentId, JSON.stringify(rows)], 'along.audit')
}

/** Their numbers are given in the order of the list. */
const insertEvents = `
  insert into event (environment_id, id, type, connection_id, profile_id, data, at)
  select $1, id, type, "connectionId", "profileId", data, $2
  from rows from (jsonb_to_recordset($3::jsonb) as (id text, type text, "connectionId" text, "profileId" text, data jsonb))
    with ordinality as event (id, type, "connectionId", "profileId", data, place)
  order by place
  on conflict do nothing`

const insertAudit = `
  insert into audit (environment_id, id, actor, action, subject, detail, at)
  select $1, id, actor, action, subject, coalesce(detail, '{}'), at
  from rows from (
    jsonb_to_recordset($2::jsonb) as (id text, actor text, action text, subject text, detail jsonb, at timestamptz))
    with ordinality as audit (id, actor, action, subject, detail, at, place)
  order by place`

const closeOpenTasks = `
  update task set closed_at = $2
  where environment_id = $1 and closed_at is null
    and exists (
      select from jsonb_to_recordset($3::jsonb) as done ("connectionId" text, subject text, kind text)
      where done.kind = task.kind and (done."connectionId" = task.connection_id or done.subject = task.subject))`

const insertTasks = `
  insert into task (environment_id, id, kind, connection_id, subject, title, description, category, priority, impact, due_at, opened_at)
  select $1, id, kind, "connectionId", subject, title, description, category, priority, impact,
         to_timestamp("dueAt" / 1000.0), $2
  from jsonb_to_recordset($3::jsonb) as task (
    id text, kind text, "connectionId" text, subject text, title text, description text, category text, priority text, impact integer,
    "dueAt" double precision)
  on conflict do nothing`

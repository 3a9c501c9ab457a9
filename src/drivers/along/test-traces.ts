import type { Traces } from '../../ports/along.contract.ts'
import type { Database } from '../../ports/database.ts'
import type { AuditRecord, EventRecord, TaskRecord } from '../../ports/journal.ts'
import type { AlongLog } from './memory.ts'

/** For tests: everything that went along with changes of one environment, oldest first. */
export function readTraces(database: Database, environmentId: string): Promise<Traces> {
  return database.tenant(environmentId, async (sql) => ({
    events: (await sql<EventRecord & Record<string, unknown>>(selectEvents)).rows,
    audit: (await sql<AuditRecord & Record<string, unknown>>(selectAudit)).rows,
    tasks: (await sql<TaskRecord & Record<string, unknown>>(selectTasks)).rows,
  }))
}

/** The same of the memory driver. */
export function tracesOf({ events, audit, tasks }: AlongLog, environmentId: string): Traces {
  const own = <Row extends { environmentId: string }>(rows: readonly Row[]) =>
    rows.filter((row) => row.environmentId === environmentId)
  return { events: own(events), audit: own(audit), tasks: own(tasks) }
}

const selectEvents = `
  select sequence, id, environment_id as "environmentId", type, connection_id as "connectionId", profile_id as "profileId", data, at
  from event order by sequence`

const selectAudit = `
  select id, environment_id as "environmentId", actor, action, subject, detail, at from audit order by sequence`

const selectTasks = `
  select id, environment_id as "environmentId", kind, connection_id as "connectionId", subject, title, description, category, priority,
         impact, due_at as "dueAt", opened_at as "openedAt", snoozed_until as "snoozedUntil", dismissed_at as "dismissedAt",
         closed_at as "closedAt"
  from task order by opened_at, id`

import type { Along } from '../../ports/along.ts'
import type { Database, Sql } from '../../ports/database.ts'
import type {
  AuditRecord,
  CallRecord,
  EventRecord,
  IncidentRecord,
  Journal,
  RunRecord,
  TaskRecord,
} from '../../ports/journal.ts'
import { writeAlong, writeAudit } from '../along/postgres.ts'
import { inTurns } from '../database/together.ts'
import { arrayLiteral } from '../records/array-literal.ts'
import { storableText } from '../records/storable.ts'
import * as select from './select-journal.ts'

/** The journal in PostgreSQL. */
export function openPostgresJournal(database: Database): Journal {
  const read = <Row>(environmentId: string, text: string, name: string, values: unknown[]) =>
    database.tenant(environmentId, async (sql) => {
      const nulled = values.map((value) => value ?? null)
      return (await sql<Row & Record<string, unknown>>(text, [environmentId, ...nulled], name)).rows as Row[]
    })

  // Reading a credential waits for it, so those who do so at the same time share a commit.
  const note = inTurns<Along, void>({ atOnce: 4 }, (environmentId, alongs) =>
    database.tenant(environmentId, async (sql) => {
      const audits = alongs.filter(isAuditOnly)
      await Promise.all([
        writeAudit(sql, environmentId, audits),
        ...alongs.filter((along) => !isAuditOnly(along)).map((along) => writeAlong(sql, environmentId, along)),
      ])
      return alongs.map(() => undefined)
    }),
  )

  return {
    calls: (environmentId, calls) =>
      database.tenant(environmentId, async (sql) => {
        if (calls.length > 0)
          await sql(insertCalls, [environmentId, ...toColumns(calls).map(arrayLiteral)], 'journal.calls')
      }),

    readCalls: (environmentId, { limit, before, connectionId, runId, failed }) =>
      read<CallRecord>(environmentId, select.calls, 'journal.read_calls', [limit, before, connectionId, runId, failed]),

    run: (run) => database.tenant(run.environmentId, (sql) => writeRun(sql, run)),

    readRuns: (environmentId, { limit, before, connectionId, stream, state }) =>
      read<RunRecord>(environmentId, select.runs, 'journal.read_runs', [limit, before, connectionId, stream, state]),

    readEvents: (environmentId, { limit, before, connectionId, type }) =>
      read<EventRecord>(environmentId, select.events, 'journal.read_events', [limit, before, connectionId, type]),

    readTasks: (environmentId, { limit, before, state, connectionId, subject, kind, category, priority }) => {
      const about = [state?.is, state && new Date(state.now), connectionId, kind, category, priority, subject]
      return read<TaskRecord>(environmentId, select.tasks, 'journal.read_tasks', [limit, before, ...about])
    },

    readTask: async (environmentId, id) =>
      (await read<TaskRecord>(environmentId, select.tasksById, 'journal.read_task', [[id]]))[0] ?? null,

    changeTask: (environmentId, id, { snoozedUntil, dismissedAt }, along) =>
      database.tenant(environmentId, async (sql) => {
        const instants = [snoozedUntil, dismissedAt].map((at) => (at === null ? null : new Date(at)))
        const changed = (await sql(changeTask, [environmentId, id, ...instants], 'journal.change_task')).count > 0
        if (changed) await writeAlong(sql, environmentId, along)
        return changed
      }),

    readIncidents: (environmentId, { limit, before, open, integrationId }) =>
      read<IncidentRecord>(environmentId, select.incidents, 'journal.read_incidents', [
        limit,
        before,
        open,
        integrationId,
      ]),

    readAudit: (environmentId, { limit, before, subject }) =>
      read<AuditRecord>(environmentId, select.audit, 'journal.read_audit', [limit, before, subject]),

    sweep: (environmentId, before) =>
      database.tenant(environmentId, async (sql) => {
        const calls = await sql(sweepCalls, [environmentId, new Date(before.calls)], 'journal.sweep_calls')
        const runs = await sql(sweepRuns, [environmentId, new Date(before.runs)], 'journal.sweep_runs')
        return calls.count + runs.count
      }),

    note,
  }
}

const sweepCalls = `
  delete from call where environment_id = $1 and id in (
    select id from call where environment_id = $1 and started_at < $2 limit 10000)`

const sweepRuns = `
  delete from run where environment_id = $1 and id in (
    select id from run where environment_id = $1 and ended_at < $2 limit 10000)`

const isAuditOnly = ({ events, openTasks, closeTasks }: Along) =>
  [events, openTasks, closeTasks].every((rows = []) => rows.length === 0)

const toColumns = (calls: readonly CallRecord[]) => [
  calls.map(({ id }) => id),
  calls.map(({ connectionId }) => connectionId),
  calls.map(({ integrationId }) => integrationId),
  calls.map(({ runId }) => runId),
  calls.map(({ provider }) => provider),
  calls.map(({ lane }) => lane),
  calls.map(({ method }) => method),
  calls.map(({ address }) => address),
  calls.map(({ attempts }) => attempts),
  calls.map(({ status }) => status),
  calls.map(({ fault }) => fault),
  calls.map(({ cost }) => JSON.stringify(cost)),
  calls.map(({ startedAt }) => new Date(startedAt).toISOString()),
  calls.map(({ durationMs }) => Math.round(durationMs)),
  calls.map(({ waitedMs }) => Math.round(waitedMs)),
  calls.map(({ requestBytes }) => requestBytes),
  calls.map(({ responseBytes }) => responseBytes),
  calls.map(({ requestId }) => requestId),
]

/** A call that is already there by its id was written by an attempt whose answer was lost. */
const insertCalls = `
  insert into call (
    environment_id, id, connection_id, integration_id, run_id, provider, lane, method, address, attempts, status, fault, cost, started_at,
    duration_ms, waited_ms, request_bytes, response_bytes, request_id)
  select $1, made.* from unnest(
    $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::integer[], $11::integer[], $12::text[],
    $13::jsonb[], $14::timestamptz[], $15::integer[], $16::integer[], $17::bigint[], $18::bigint[], $19::text[]) as made
  on conflict do nothing`

const changeTask = `
  update task set snoozed_until = $3, dismissed_at = $4
  where environment_id = $1 and id = $2 and closed_at is null`

async function writeRun(sql: Sql, run: RunRecord): Promise<void> {
  const { environmentId, id, provider, integrationId, stream, connectionIds, trigger, lane, state } = run
  const { pages, calls, inserted, restated, unchanged, items, refused, fault, says } = run
  const times = [new Date(run.startedAt), run.endedAt === null ? null : new Date(run.endedAt)]
  const about = [environmentId, id, provider, integrationId, stream, connectionIds, trigger, lane, state, ...times]
  const counts = [pages, calls, inserted, restated, unchanged, items, refused]
  await sql(upsertRun, [...about, ...counts, fault, says === null ? null : storableText(says)], 'journal.run')
}

const upsertRun = `
  insert into run (
    environment_id, id, provider, integration_id, stream, connection_ids, trigger, lane, state, started_at, ended_at, pages, calls, inserted,
    restated, unchanged, items, refused, fault, says)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
  on conflict (environment_id, id) do update set
    state = excluded.state, ended_at = excluded.ended_at, pages = excluded.pages, calls = excluded.calls, inserted = excluded.inserted,
    restated = excluded.restated, unchanged = excluded.unchanged, items = excluded.items, refused = excluded.refused,
    fault = excluded.fault, says = excluded.says`

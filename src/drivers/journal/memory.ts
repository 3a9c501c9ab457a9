import { type CallRecord, type Journal, type RunRecord, taskState } from '../../ports/journal.ts'
import type { AlongLog } from '../along/memory.ts'

/** The journal in memory. Events, tasks and audit are those that the other memory stores of this world wrote to the same log. */
export function openMemoryJournal(log: AlongLog): Journal {
  const calls = new Map<string, CallRecord>()
  const runs = new Map<string, RunRecord>()
  /** Of these, the few that are not over. */
  const running = new Map<string, RunRecord>()

  return {
    async calls(environmentId, records) {
      for (const record of records) {
        const key = `${environmentId}\n${record.id}`
        if (!calls.has(key)) calls.set(key, { ...record, cost: { ...record.cost } })
      }
    },

    async readCalls(environmentId, { limit, before, connectionId, runId, failed }) {
      return newest(own([...calls.values()], environmentId), limit, before, (call) =>
        [
          connectionId === undefined || call.connectionId === connectionId,
          runId === undefined || call.runId === runId,
          failed === undefined || (call.fault !== null) === failed,
        ].every(Boolean),
      )
    },

    async run(run) {
      const key = `${run.environmentId}\n${run.id}`
      const kept = { ...run, connectionIds: [...run.connectionIds] }
      runs.set(key, kept)
      if (run.state === 'running') running.set(key, kept)
      else running.delete(key)
    },

    async readRuns(environmentId, { limit, before, connectionId, stream, state }) {
      const some = state === 'running' ? running : runs
      return newest(own([...some.values()], environmentId), limit, before, (run) =>
        [
          connectionId === undefined || run.connectionIds.includes(connectionId),
          stream === undefined || run.stream === stream,
          state === undefined || run.state === state,
        ].every(Boolean),
      )
    },

    async readEvents(environmentId, { limit, before, connectionId, type }) {
      return own(log.events, environmentId)
        .filter((event) => before === undefined || event.sequence < Number(before))
        .filter((event) => connectionId === undefined || event.connectionId === connectionId)
        .filter((event) => type === undefined || event.type === type)
        .toReversed()
        .slice(0, limit)
    },

    async readTasks(environmentId, { limit, before, state, connectionId, subject, kind, category, priority }) {
      return newest(own(log.tasks, environmentId), limit, before, (task) =>
        [
          state === undefined || taskState(task, state.now) === state.is,
          connectionId === undefined || task.connectionId === connectionId,
          subject === undefined || task.subject === subject,
          kind === undefined || task.kind === kind,
          category === undefined || task.category === category,
          priority === undefined || task.priority === priority,
        ].every(Boolean),
      )
    },

    async readIncidents(environmentId, { limit, before, open, integrationId }) {
      return newest(own(log.incidents, environmentId), limit, before, (incident) =>
        [
          open === undefined || (incident.closedAt === null) === open,
          integrationId === undefined || incident.integrationId === integrationId,
        ].every(Boolean),
      )
    },

    async readTask(environmentId, id) {
      return own(log.tasks, environmentId).find((task) => task.id === id) ?? null
    },

    async changeTask(environmentId, id, change, along) {
      const index = log.tasks.findIndex((task) => task.environmentId === environmentId && task.id === id)
      const task = log.tasks[index]
      if (!task || task.closedAt !== null) return false
      const { snoozedUntil, dismissedAt } = change
      log.tasks[index] = { ...task, snoozedUntil, dismissedAt }
      log.write(environmentId, along)
      return true
    },

    async readAudit(environmentId, { limit, before, subject }) {
      const wanted = (row: { subject: string }) => subject === undefined || row.subject === subject
      return newest(own(log.audit, environmentId), limit, before, wanted)
    },

    async sweep(environmentId, before) {
      const oldCalls = own([...calls.values()], environmentId).filter(({ startedAt }) => startedAt < before.calls)
      const oldRuns = own([...runs.values()], environmentId).filter(
        ({ endedAt }) => endedAt !== null && endedAt < before.runs,
      )
      const [someCalls, someRuns] = [oldCalls.slice(0, mostSwept), oldRuns.slice(0, mostSwept)]
      for (const { id } of someCalls) calls.delete(`${environmentId}\n${id}`)
      for (const { id } of someRuns) runs.delete(`${environmentId}\n${id}`)
      return someCalls.length + someRuns.length
    },

    async note(environmentId, along) {
      log.write(environmentId, along)
    },
  }
}

const mostSwept = 10_000

const own = <Row extends { readonly environmentId: string }>(rows: readonly Row[], environmentId: string) =>
  rows.filter((row) => row.environmentId === environmentId)

/** Ids sort by when they were made. */
function newest<Row extends { readonly id: string }>(
  rows: readonly Row[],
  limit: number,
  before: string | undefined,
  wanted: (row: Row) => boolean,
): Row[] {
  return rows
    .filter((row) => (before === undefined || row.id < before) && wanted(row))
    .sort((one, other) => (one.id > other.id ? -1 : 1))
    .slice(0, limit)
}

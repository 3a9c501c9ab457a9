import type { Database } from '../../ports/database.ts'
import type {
  Beats,
  CallCount,
  FailedCall,
  Gap,
  History,
  Peak,
  ReadingEnd,
  RefreshWait,
  Step,
  StreamCost,
} from '../../ports/history.ts'
import { inPieces } from '../database/delete-in-pieces.ts'
import { arrayLiteral } from '../records/array-literal.ts'
import * as select from './select-history.ts'
import { selectPeaks } from './select-peaks.ts'
import * as write from './write-history.ts'

/** History in PostgreSQL. What is counted for an environment is read as that environment. */
export function openPostgresHistory(database: Database): History {
  const read = <Row>(environmentId: string, text: string, name: string, values: unknown[]) =>
    database.read<Row & Record<string, unknown>>(environmentId, text, [environmentId, ...values], name) as Promise<
      Row[]
    >
  const times = ({ from, to }: { from: number; to: number }) => [new Date(from), new Date(to)]

  return {
    callCounts: (environmentId, { answers, ...window }) =>
      read<CallCount>(environmentId, select.callCounts, 'history.call_counts', [...times(window), answers]),

    failedCalls: (environmentId, { answers, limit, ...window }) =>
      read<FailedCall>(environmentId, select.failedCalls, 'history.failed_calls', [...times(window), answers, limit]),

    steps: (environmentId, { limit, ...window }) =>
      read<Step>(environmentId, select.steps, 'history.steps', [...times(window), limit]),

    async noteReadings(environmentId, ends) {
      // Most runs end well: they cost no transaction here.
      if (ends.length === 0) return
      await database.tenant(environmentId, async (sql) => {
        const columns = [
          ends.map(({ connectionId }) => connectionId),
          ends.map(({ stream }) => stream),
          ends.map(({ runId }) => runId),
          ends.map(({ provider }) => provider),
          ends.map(({ fault }) => fault),
          ends.map(({ blocked }) => blocked),
          ends.map(({ at }) => new Date(at).toISOString()),
        ]
        await sql(write.readings, [environmentId, ...columns.map(arrayLiteral)], 'history.note_readings')
      })
    },

    readings: (environmentId, { limit, ...window }) =>
      read<ReadingEnd>(environmentId, select.readings, 'history.readings', [...times(window), limit]),

    firstReadings: (environmentId, { to }) =>
      read(environmentId, select.firstReadings, 'history.first_readings', [new Date(to)]),

    gaps: (environmentId, { limit, longerThanMs, ...window }) =>
      read<Gap>(environmentId, select.gaps, 'history.gaps', [...times(window), longerThanMs, limit]),

    async peaks(environmentId, window, quotas) {
      const peaks: Peak[] = []
      for (const quota of quotas) {
        const { text, values, name } = selectPeaks(quota)
        const rows = await read<Omit<Peak, 'provider' | 'quota'>>(environmentId, text, name, [
          ...times(window),
          ...values,
        ])
        peaks.push(...rows.map((row) => ({ provider: quota.provider, quota: quota.quota, ...row })))
      }
      return peaks
    },

    streamCosts: (environmentId, { streams, since, runs }) =>
      read<StreamCost>(environmentId, select.streamCosts, 'history.stream_costs', [
        streams.map(({ integrationId }) => integrationId),
        streams.map(({ stream }) => stream),
        new Date(since),
        runs,
      ]),

    beat: ({ process, at, planner }) =>
      database.system(async (sql) => {
        await sql(write.beat, [new Date(at), process, planner], 'history.beat')
      }),

    async beats(window) {
      const [beats] = await database.read<Beats & Record<string, unknown>>(
        null,
        select.beats,
        times(window),
        'history.beats',
      )
      return beats!
    },

    countRequests: (counts) =>
      database.system(async (sql) => {
        if (counts.length === 0) return
        const columns = [
          counts.map(({ environmentId }) => environmentId),
          counts.map(({ minute }) => new Date(minute).toISOString()),
          counts.map(({ operation }) => operation),
          counts.map(({ ok }) => ok),
          counts.map(({ refused }) => refused),
          counts.map(({ failed }) => failed),
          counts.map(({ upstream }) => upstream),
          counts.map(({ left }) => left),
        ]
        await sql(write.requests, columns.map(arrayLiteral), 'history.count_requests')
      }),

    requests: (environmentId, window) =>
      database.read(null, select.requests, [environmentId, ...times(window)], 'history.requests'),

    noteRefresh: (environmentId, { id, connectionId, provider, askedAt, endedAt, ended }) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, id, connectionId, provider, new Date(askedAt), new Date(endedAt), ended]
        await sql(write.refresh, values, 'history.note_refresh')
      }),

    refreshes: (environmentId, { limit, ...window }) =>
      read<RefreshWait>(environmentId, select.refreshes, 'history.refreshes', [...times(window), limit]),

    async sweep(before) {
      let rows = 0
      for (const text of write.sweeps)
        rows += await inPieces(() => database.system((sql) => sql(text, [new Date(before)])), write.mostSwept)
      return rows
    },
  }
}

import assert from 'node:assert/strict'
import { exampleConnection } from './connections.contract.ts'
import type { Connections } from './connections.ts'
import { describeContract } from './contract.ts'
import type { History, ReadingEnd } from './history.ts'
import type { CallRecord, Journal, RunRecord } from './journal.ts'

export interface HistoryWorld {
  readonly history: History
  readonly journal: Journal
  readonly connections: Connections
  close(): Promise<void>
}

const at = Date.parse('2026-10-05T12:00:00.123Z')
const minute = 60_000
const hour = 60 * minute
/** Beats and nobody's requests belong to no environment, so stories that use them keep to hours of their own. */
const apart = (hours: number) => Date.parse('2026-01-01T00:00:00Z') + hours * hour

export const exampleCall = (environmentId: string, call: Partial<CallRecord>): CallRecord => ({
  ...{ id: 'cal_1', environmentId, connectionId: 'con_1', integrationId: 'int_1', runId: null, provider: 'example' },
  ...{ lane: 'scheduled', method: 'GET', address: 'api.example.com/me', attempts: 1, status: 200, fault: null },
  ...{ cost: {}, startedAt: at, durationMs: 100, waitedMs: 0, requestBytes: 0, responseBytes: 0, requestId: null },
  ...call,
})

export const exampleRun = (environmentId: string, run: Partial<RunRecord>): RunRecord => ({
  ...{ id: 'run_1', environmentId, provider: 'example', integrationId: 'int_1', stream: 'channel' },
  ...{ connectionIds: ['con_1'], trigger: 'schedule', lane: 'scheduled', state: 'succeeded', startedAt: at },
  ...{ endedAt: at + 1000, pages: 0, calls: 0, inserted: 0, restated: 0, unchanged: 0, items: 0, refused: 0 },
  ...{ fault: null, says: null },
  ...run,
})

const reading = (end: Partial<ReadingEnd>): ReadingEnd => ({
  ...{ connectionId: 'con_1', provider: 'example', stream: 'channel', runId: 'run_1', fault: 'provider.down' },
  ...{ blocked: null, at },
  ...end,
})

/** What every driver of History owes. */
export function historyContract(name: string, open: () => Promise<HistoryWorld>): void {
  describeContract(`history ${name}`, open, (story) => {
    story(
      'calls that ended well are counted by provider, from the first instant to before the last',
      async (world, environmentId) => {
        const { history, journal } = world
        await journal.run(exampleRun(environmentId, { id: 'run_on', state: 'partial' }))
        await journal.run(exampleRun(environmentId, { id: 'run_off', state: 'failed' }))
        const calls = [
          { startedAt: at, fault: 'provider.missing', runId: 'run_on' },
          { startedAt: at, fault: 'provider.missing', runId: 'run_off' },
          { startedAt: at, fault: 'provider.missing' },
          { startedAt: at, fault: 'provider.timeout', runId: 'run_on' },
          { startedAt: at - 1 },
          { startedAt: at, attempts: 3 },
          { startedAt: at + 9 },
          { startedAt: at + 10 },
          { startedAt: at, provider: 'other' },
          { startedAt: at, fault: 'provider.down' },
        ].map((call, i) => exampleCall(environmentId, { id: `cal_${i}`, ...call }))
        await journal.calls(environmentId, calls)
        const window = { from: at, to: at + 10, answers: ['provider.missing'] }
        assert.deepEqual(await history.callCounts(environmentId, window), [
          { provider: 'example', fault: null, calls: 2, attempts: 4 },
          { provider: 'example', fault: 'provider.missing', calls: 1, attempts: 1 },
          { provider: 'other', fault: null, calls: 1, attempts: 1 },
        ])
        const rest = await history.failedCalls(environmentId, { ...window, limit: 9 })
        assert.deepEqual(
          rest.map(({ id }) => id),
          ['cal_1', 'cal_2', 'cal_3', 'cal_9'],
        )
        assert.deepEqual(await history.callCounts(`${environmentId}_other`, window), [])
      },
    )

    story('calls that failed are listed with what became of their run', async ({ history, journal }, environmentId) => {
      await journal.run(exampleRun(environmentId, { id: 'run_1', state: 'partial' }))
      const fault = 'provider.down'
      await journal.calls(environmentId, [
        exampleCall(environmentId, { id: 'cal_1', fault, startedAt: at + 5, runId: 'run_1', attempts: 0 }),
        exampleCall(environmentId, { id: 'cal_2', fault, startedAt: at, connectionId: null }),
        exampleCall(environmentId, { id: 'cal_3', fault, startedAt: at + 6, runId: 'run_forgotten' }),
        exampleCall(environmentId, { id: 'cal_4' }),
      ])
      const failed = await history.failedCalls(environmentId, { from: at, to: at + 10, answers: [], limit: 10 })
      const shared = { provider: 'example', fault }
      assert.deepEqual(failed, [
        {
          ...shared,
          id: 'cal_2',
          connectionId: null,
          runId: null,
          runState: null,
          attempts: 1,
          startedAt: at,
          endedAt: at + 100,
        },
        {
          ...shared,
          id: 'cal_1',
          connectionId: 'con_1',
          runId: 'run_1',
          runState: 'partial',
          attempts: 0,
          startedAt: at + 5,
          endedAt: at + 105,
        },
        {
          ...shared,
          id: 'cal_3',
          connectionId: 'con_1',
          runId: 'run_forgotten',
          runState: null,
          attempts: 1,
          startedAt: at + 6,
          endedAt: at + 106,
        },
      ])
      assert.equal(
        (await history.failedCalls(environmentId, { from: at, to: at + 10, answers: [], limit: 2 })).length,
        2,
      )
    })

    story(
      'steps are those of the window and the last one before it',
      async ({ history, connections }, environmentId) => {
        const stateAt = at - 3 * hour
        const made = exampleConnection(environmentId, 'con_1', { state: 'pending', stateAt })
        await connections.create(made, { at: stateAt, actor: 'owner' })
        const moves = [
          [-2, 'healthy', null],
          [-1, 'degraded', 'provider.down'],
          [0, 'needs_reauth', 'revoked'],
          [1, 'healthy', null],
        ] as const
        for (const [hours, to, reason] of moves)
          await connections.move(
            environmentId,
            'con_1',
            { from: ['pending', 'healthy', 'degraded', 'needs_reauth'], to, reason },
            { at: at + hours * hour, actor: 'system' },
          )
        const steps = await history.steps(environmentId, { from: at, to: at + hour, limit: 10 })
        const shared = { connectionId: 'con_1', provider: made.provider, actor: 'system' }
        assert.deepEqual(steps, [
          { ...shared, from: 'healthy', to: 'degraded', reason: 'provider.down', at: at - hour },
          { ...shared, from: 'degraded', to: 'needs_reauth', reason: 'revoked', at },
        ])
        assert.equal((await history.steps(environmentId, { from: at, to: at + 2 * hour, limit: 10 })).length, 3)
        assert.equal((await history.steps(environmentId, { from: 0, to: at + 2 * hour, limit: 2 })).length, 2)
      },
    )

    story('ends of readings are kept once', async ({ history }, environmentId) => {
      const failed = reading({})
      const well = reading({ runId: 'run_2', fault: null, at: at + hour })
      await history.noteReadings(environmentId, [well, failed])
      await history.noteReadings(environmentId, [{ ...failed, fault: 'provider.timeout' }])
      await history.noteReadings(environmentId, [])
      assert.deepEqual(await history.readings(environmentId, { from: at, to: at + 2 * hour, limit: 9 }), [failed, well])
      assert.deepEqual(await history.readings(environmentId, { from: at, to: at + hour, limit: 9 }), [failed])
      assert.deepEqual(await history.readings(environmentId, { from: at, to: at + 2 * hour, limit: 1 }), [failed])
    })

    story(
      'gaps go from the beginning of a reading that ended well to the end of the next',
      async (world, environmentId) => {
        const { history, journal } = world
        const run = (id: string, hours: number, more: Partial<RunRecord> = {}) =>
          journal.run(
            exampleRun(environmentId, { id, startedAt: at + hours * hour, endedAt: at + hours * hour + 1, ...more }),
          )
        await run('run_1', 0, { connectionIds: ['con_1', 'con_2'], state: 'partial' })
        await run('run_2', 5)
        await run('run_3', 6, { state: 'failed' })
        await run('run_4', 7, { state: 'running', endedAt: null })
        await history.noteReadings(environmentId, [reading({ connectionId: 'con_2', runId: 'run_1', at: at + 1 })])
        const whole = { from: at, to: at + 10 * hour }
        const shared = { connectionId: 'con_1', provider: 'example', stream: 'channel' }
        assert.deepEqual(await history.gaps(environmentId, { ...whole, longerThanMs: 4 * hour, limit: 9 }), [
          { ...shared, from: at, to: at + 5 * hour + 1 },
          { ...shared, from: at + 5 * hour, to: at + 10 * hour },
        ])
        assert.deepEqual(await history.gaps(environmentId, { ...whole, longerThanMs: 5 * hour + 1, limit: 9 }), [])
        assert.equal((await history.gaps(environmentId, { ...whole, longerThanMs: 0, limit: 1 })).length, 1)
        const later = { from: at + 6 * hour, to: at + 10 * hour, longerThanMs: 4 * hour, limit: 9 }
        assert.equal((await history.gaps(environmentId, later)).length, 1)
        assert.deepEqual(await history.firstReadings(environmentId, whole), [{ ...shared, at: at + 1 }])
        assert.deepEqual(await history.firstReadings(environmentId, { from: 0, to: at + 1 }), [])
      },
    )

    story('the most of a quota is found in any window, whoever waited', async (world, environmentId) => {
      const { history, journal, connections } = world
      for (const [id, account] of [
        ['con_1', 'a'],
        ['con_2', 'b'],
      ] as const)
        await connections.create(
          exampleConnection(environmentId, id, {
            account: { id: account, name: account, kind: 'page' },
            grantId: `grt_${account}`,
          }),
          { at, actor: 'owner' },
        )
      const calls: Partial<CallRecord>[] = [
        { startedAt: at, cost: { units: 2, own: 1 } },
        { startedAt: at + 999, cost: { units: 3 }, connectionId: 'con_2', lane: 'interactive' },
        { startedAt: at + 1000, cost: { units: 4, own: 1 } },
        { startedAt: at + 5000, cost: { units: 1, own: 1 }, connectionId: null },
        { startedAt: at + 5000, cost: { units: 9 }, provider: 'other' },
      ]
      await journal.calls(
        environmentId,
        calls.map((call, i) => exampleCall(environmentId, { id: `cal_${i}`, durationMs: 1, ...call })),
      )
      const window = { from: at, to: at + hour }
      const units = { provider: 'example', quota: 'units', per: 'app', window: { rollingMs: 1000 } } as const
      const own = { ...units, quota: 'own', per: 'account' } as const
      assert.deepEqual(await history.peaks(environmentId, window, [units, own]), [
        { provider: 'example', quota: 'units', holder: 'int_1', background: 4, all: 7 },
        { provider: 'example', quota: 'own', holder: 'int_1/', background: 1, all: 1 },
        { provider: 'example', quota: 'own', holder: 'int_1/a', background: 1, all: 1 },
      ])
      const day = { ...units, per: 'ip', window: { day: 'America/Los_Angeles' } } as const
      const user = { ...own, per: 'user', window: { rollingMs: 1001 } } as const
      assert.deepEqual(await history.peaks(environmentId, window, [day, user]), [
        { provider: 'example', quota: 'units', holder: '', background: 7, all: 10 },
        { provider: 'example', quota: 'own', holder: 'int_1/', background: 1, all: 1 },
        { provider: 'example', quota: 'own', holder: 'int_1/grt_a', background: 2, all: 2 },
      ])
      assert.deepEqual(await history.peaks(environmentId, window, []), [])
    })

    story('what a stream costs is what its last runs took, first readings left out', async (world, environmentId) => {
      const { history, journal } = world
      const runs: Partial<RunRecord>[] = [
        { id: 'run_1', startedAt: at - hour },
        { id: 'run_2', connectionIds: ['con_1', 'con_2'], state: 'partial' },
        { id: 'run_3', trigger: 'initial' },
        { id: 'run_4', state: 'failed' },
        { id: 'run_5', state: 'waiting' },
        { id: 'run_6', stream: 'videos' },
        { id: 'run_7', integrationId: 'int_2' },
        { id: 'run_8' },
      ]
      for (const run of runs) await journal.run(exampleRun(environmentId, run))
      const calls: Partial<CallRecord>[] = [
        ...runs.map(({ id }) => ({ runId: id, cost: { units: 1, own: 0.5 } })),
        { runId: 'run_8', cost: { units: 2 } },
        { runId: 'run_8', cost: {} },
        { runId: null, cost: { units: 9 } },
      ]
      await journal.calls(
        environmentId,
        calls.map((call, i) => exampleCall(environmentId, { id: `cal_${i}`, ...call })),
      )
      const streams = ['channel', 'videos', 'never', 'videos'].map((stream) => ({ integrationId: 'int_1', stream }))
      const costs = (options: { since?: number; runs?: number } = {}) =>
        history.streamCosts(environmentId, { streams, since: at, runs: 9, ...options })
      const channel = { integrationId: 'int_1', stream: 'channel' }
      const videos = { ...channel, stream: 'videos', runs: 1, readings: 1, calls: 1, takes: { units: 1, own: 0.5 } }
      assert.deepEqual(await costs(), [
        { ...channel, runs: 2, readings: 3, calls: 4, takes: { units: 4, own: 1 } },
        videos,
      ])
      assert.deepEqual((await costs({ since: at - hour }))[0]!.runs, 3)
      assert.deepEqual((await costs({ runs: 1 }))[0], {
        ...{ ...channel, runs: 1, readings: 1, calls: 3 },
        takes: { units: 3, own: 0.5 },
      })
      assert.deepEqual(await history.streamCosts(`${environmentId}_other`, { streams, since: 0, runs: 9 }), [])
    })

    story('a minute is alive by any process, and working by any planner', async ({ history }) => {
      const start = apart(0)
      const beat = (minutes: number, process: string, planner: 'at_work' | 'late' | null) =>
        history.beat({ at: start + minutes * minute + 59_999, process, planner })
      await beat(0, 'a', 'at_work')
      await beat(0, 'b', null)
      await beat(1, 'a', 'late')
      await beat(1, 'a', 'at_work')
      await beat(2, 'b', null)
      await beat(3, 'a', 'at_work')
      assert.deepEqual(await history.beats({ from: start, to: start + 3 * minute }), {
        since: start,
        alive: 3,
        working: 1,
      })
    })

    story(
      'requests are added up by operation, those of nobody with everybody’s',
      async ({ history }, environmentId) => {
        const start = apart(10)
        const none = { ok: 0, refused: 0, failed: 0, upstream: 0, left: 0 }
        const count = (environment: string, minutes: number, operation: string, more: object) => ({
          ...{ environmentId: environment, minute: start + minutes * minute + 5, operation, ...none, ...more },
        })
        await history.countRequests([
          count(environmentId, 0, 'runs.list', { ok: 2, refused: 1 }),
          count(environmentId, 0, 'runs.list', { ok: 1, failed: 1, upstream: 1 }),
          count(`${environmentId}_other`, 0, 'runs.list', { ok: 100 }),
          count('', 1, 'runs.list', { failed: 1 }),
          count(environmentId, 2, 'runs.list', { ok: 50 }),
        ])
        await history.countRequests([
          count(environmentId, 0, 'runs.list', { left: 1 }),
          count(environmentId, 1, 'calls.list', {}),
        ])
        await history.countRequests([])
        assert.deepEqual(await history.requests(environmentId, { from: start, to: start + 2 * minute }), [
          { operation: 'calls.list', ...none },
          { operation: 'runs.list', ok: 3, refused: 1, failed: 2, upstream: 1, left: 1 },
        ])
      },
    )

    story('waits for fresh numbers are kept once', async ({ history }, environmentId) => {
      const wait = { id: 'rfs_1', connectionId: 'con_1', provider: 'example', askedAt: at, endedAt: at + 900 }
      await history.noteRefresh(environmentId, { ...wait, ended: 'fresh' })
      await history.noteRefresh(environmentId, { ...wait, ended: 'failed' })
      await history.noteRefresh(environmentId, { ...wait, id: 'rfs_2', askedAt: at + hour, ended: 'not_in_time' })
      assert.deepEqual(await history.refreshes(environmentId, { from: at, to: at + hour, limit: 9 }), [
        { ...wait, ended: 'fresh' },
      ])
      assert.equal((await history.refreshes(environmentId, { from: at, to: at + 2 * hour, limit: 1 })).length, 1)
    })

    story('what is old is swept', async ({ history }, environmentId) => {
      const long = Date.parse('2001-01-01T00:00:00Z')
      await history.noteReadings(environmentId, [reading({ at: long }), reading({ at: long + hour })])
      await history.beat({ at: long, process: environmentId, planner: null })
      const wait = {
        id: 'rfs_1',
        connectionId: 'con_1',
        provider: 'example',
        askedAt: long,
        endedAt: long,
        ended: 'fresh',
      } as const
      await history.noteRefresh(environmentId, wait)
      const none = { ok: 1, refused: 0, failed: 0, upstream: 0, left: 0 }
      await history.countRequests([{ environmentId, minute: long, operation: 'runs.list', ...none }])
      assert.equal(await history.sweep(long + hour), 4)
      assert.equal(await history.sweep(long + hour), 0)
      const window = { from: 0, to: long + 2 * hour, limit: 9 }
      assert.equal((await history.readings(environmentId, window)).length, 1)
    })
  })
}

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { exampleConnection } from '../../ports/connections.contract.ts'
import { exampleCall, exampleRun, type HistoryWorld } from '../../ports/history.contract.ts'
import type { WatchedQuota } from '../../ports/history.ts'
import { AlongLog } from '../along/memory.ts'
import { openMemoryConnections } from '../connections/memory.ts'
import { openPostgresConnections } from '../connections/postgres.ts'
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts'
import { openMemoryJournal } from '../journal/memory.ts'
import { openPostgresJournal } from '../journal/postgres.ts'
import { openMemoryHistory } from './memory.ts'
import { openPostgresHistory } from './postgres.ts'

let testDatabase: TestDatabase
before(async () => {
  testDatabase = await openTestDatabase()
})
after(() => testDatabase?.drop())

const start = Date.parse('2026-10-05T06:00:00Z')
const minute = 60_000
const connectionIds = ['con_1', 'con_2', 'con_3']
const connectionId = fc.constantFrom(...connectionIds)
const minutes = fc.integer({ min: 0, max: 120 })
const fault = fc.constantFrom(null, null, 'provider.down', 'provider.missing')
const runId = fc.constantFrom('run_0', 'run_1', 'run_2')

const happening = fc.oneof(
  fc.record({
    do: fc.constant('call' as const),
    provider: fc.constantFrom('one', 'other'),
    connectionId: fc.option(connectionId),
    runId: fc.option(runId),
    lane: fc.constantFrom('interactive' as const, 'scheduled' as const),
    cost: fc.constantFrom<Record<string, number>>({}, { units: 1 }, { units: 0.5, own: 1 }),
    durationMs: fc.integer({ min: 0, max: 90_000 }),
    fault,
    minutes,
  }),
  fc.record({
    do: fc.constant('run' as const),
    id: runId,
    state: fc.constantFrom('running' as const, 'succeeded' as const, 'partial' as const, 'failed' as const),
    ids: fc.subarray(connectionIds, { minLength: 1 }),
    minutes,
    lastsMinutes: fc.integer({ min: 0, max: 30 }),
  }),
  fc.record({ do: fc.constant('reading' as const), connectionId, runId, fault, minutes }),
  fc.record({
    do: fc.constant('move' as const),
    connectionId,
    to: fc.constantFrom('healthy' as const, 'degraded' as const, 'needs_reauth' as const),
    minutes,
  }),
)
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

const quotas: WatchedQuota[] = [
  { provider: 'one', quota: 'units', per: 'app', window: { rollingMs: 20 * minute } },
  { provider: 'one', quota: 'own', per: 'account', window: { rollingMs: minute } },
  { provider: 'other', quota: 'own', per: 'user', window: { day: 'America/Los_Angeles' } },
  { provider: 'other', quota: 'units', per: 'ip', window: { rollingMs: 90_000 } },
]

const answers = ['provider.missing']
const streams = ['channel', 'none'].map((stream) => ({ integrationId: 'int_1', stream }))

let nth = 0
test('history: memory and PostgreSQL count the same', async () => {
  const log = new AlongLog()
  const memory = { journal: openMemoryJournal(log), connections: openMemoryConnections(log) }
  const { database } = testDatabase
  const postgres = { journal: openPostgresJournal(database), connections: openPostgresConnections(database) }
  const worlds = [
    { ...memory, history: openMemoryHistory(memory) },
    { ...postgres, history: openPostgresHistory(database) },
  ]
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 40 }), minutes, minutes, async (all, a, b) => {
      const environmentId = `env_${++nth}`
      const [from, to] = [Math.min(a, b), Math.max(a, b)].map((each) => start + each * minute) as [number, number]
      const told = await Promise.all(worlds.map((world) => play(world, environmentId, all, { from, to })))
      assert.deepEqual(told[0], told[1])
    }),
    { numRuns: 40, seed: 20261128 },
  )
})

/** What happens in the same instant is in no order that both could keep, so each thing has a millisecond of its own. */
async function play(
  { history, journal, connections }: Omit<HistoryWorld, 'close'>,
  environmentId: string,
  happenings: readonly Happening[],
  window: { from: number; to: number },
) {
  for (const id of connectionIds) {
    const account = { id, name: id, kind: 'page' } as const
    const made = exampleConnection(environmentId, id, { account, grantId: `grt_${id}`, stateAt: start })
    await connections.create(made, { at: start, actor: 'owner' })
  }
  const begun = new Set<string>()
  for (const [i, one] of happenings.toSorted((x, y) => x.minutes - y.minutes).entries()) {
    const at = start + one.minutes * minute + i
    if (one.do === 'call') {
      const { do: _, minutes: __, ...call } = one
      await journal.calls(environmentId, [exampleCall(environmentId, { id: `cal_${i}`, ...call, startedAt: at })])
    } else if (one.do === 'run') {
      // Whose run it is never changes.
      if (begun.has(one.id)) continue
      begun.add(one.id)
      const endedAt = one.state === 'running' ? null : at + one.lastsMinutes * minute
      const { id, state, ids } = one
      await journal.run(exampleRun(environmentId, { id, state, connectionIds: ids, startedAt: at, endedAt }))
      if (endedAt !== null && i % 3 === 0)
        await history.noteReadings(environmentId, [
          {
            connectionId: ids[0]!,
            provider: 'example',
            stream: 'channel',
            runId: id,
            fault: 'x',
            blocked: null,
            at: endedAt,
          },
        ])
    } else if (one.do === 'reading') {
      const { connectionId, runId, fault } = one
      const end = { connectionId, provider: 'example', stream: 'channel', runId, fault, blocked: null, at }
      await history.noteReadings(environmentId, [end])
    } else {
      const from = ['pending', 'healthy', 'degraded', 'needs_reauth'] as const
      const change = { from, to: one.to, reason: null }
      await connections.move(environmentId, one.connectionId, change, { at, actor: 'system' })
    }
  }
  const limited = { ...window, limit: 7 }
  return {
    calls: await history.callCounts(environmentId, { ...window, answers }),
    failed: await history.failedCalls(environmentId, { ...limited, answers }),
    steps: await history.steps(environmentId, limited),
    readings: await history.readings(environmentId, limited),
    first: await history.firstReadings(environmentId, window),
    gaps: await history.gaps(environmentId, { ...limited, longerThanMs: 10 * minute }),
    peaks: await history.peaks(environmentId, window, quotas),
    costs: await history.streamCosts(environmentId, { streams, since: window.from, runs: 2 }),
  }
}

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { observed, pageOf } from '../../ports/records.contract.ts'
import type { Change, Records, SavedPage } from '../../ports/records.ts'
import { AlongLog } from '../along/memory.ts'
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts'
import { openMemoryRecords } from './memory.ts'
import { openPostgresRecords } from './postgres.ts'

let testDatabase: TestDatabase
before(async () => {
  testDatabase = await openTestDatabase()
})
after(() => testDatabase?.drop())

const noon = Date.parse('2026-10-06T12:00:00Z')
const connections = ['con_1', 'con_2']
const streams = ['channel', 'videos']
const isrcs = ['QZEX12600001', 'QZEX12600002']

/** Few keys and few instants, so that everything meets everything. */
const observation = fc
  .record({
    value: fc.constantFrom(0, 1, 2, null),
    reason: fc.constantFrom('hidden' as const, 'not_ready' as const),
    item: fc.constantFrom(undefined, 'a'),
    day: fc.constantFrom('2026-10-05', '2026-10-06', '1999-01-01'),
    timezone: fc.constantFrom(undefined, 'Pacific/Auckland'),
    dimensions: fc.constantFrom(undefined, { country: 'FR' }),
    version: fc.constantFrom(undefined, 'v2'),
    final: fc.boolean(),
  })
  .map(({ value, reason, ...more }) => observed(value, { ...more, ...(value === null ? { reason } : {}) }))
const item = fc.record({
  kind: fc.constant('track' as const),
  id: fc.constantFrom('a', 'b', 'c'),
  title: fc.constantFrom('One', 'Two'),
  publishedAt: fc.constantFrom('2024', '2025-01-01'),
  identifiers: fc.constantFrom({ isrc: 'QZEX12600001' }, { isrc: 'qz-ex1-26-00001, QZEX12600002' }, { isrc: 'none' }),
})
const facts = fc.constantFrom(undefined, {}, { identifiers: { mbid: 'x' } }, { links: [] })
const audience = fc.record({
  population: fc.constantFrom('viewers' as const, 'followers' as const),
  basis: fc.constant('count' as const),
  dimensions: fc.constant(['country'] as const),
  period: fc.record({ start: fc.constantFrom(null, '2026-09-01'), end: fc.constantFrom('2026-10-01', '2026-10-02') }),
  rows: fc.array(fc.record({ group: fc.constant({ country: 'FR' }), value: fc.constantFrom(1, 2) }), { maxLength: 1 }),
})
const place = fc.constantFrom(undefined, null, { after: 1 }, 'x')
const page: fc.Arbitrary<SavedPage> = fc
  .record({
    connectionId: fc.constantFrom(...connections),
    stream: fc.constantFrom(...streams),
    runId: fc.constantFrom('run_1', 'run_2'),
    observations: fc.array(observation, { maxLength: 4 }),
    items: fc.array(item, { maxLength: 2 }),
    audiences: fc.array(audience, { maxLength: 1 }),
    facts,
    removed: fc.subarray(['a', 'b'], { maxLength: 1 }),
    refused: fc.subarray([{ what: 'row', why: 'odd' }]),
    cursor: place,
    checkpoint: place,
  })
  .map(({ facts, ...rest }) => pageOf({ ...rest, ...(facts && { facts }) }))
const step = fc.record({
  pages: fc.array(page, { minLength: 1, maxLength: 3 }),
  hours: fc.constantFrom(-20, 0, 0, 1, 5, 30),
  forget: fc.constantFrom(undefined, undefined, undefined, { all: false }, { all: true, stream: 'videos' }),
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

async function answersOf(records: Records, environmentId: string, steps: readonly Step[]) {
  const changes: (readonly Change[])[] = []
  const saves = []
  let at = noon
  for (const { pages, hours, forget } of steps) {
    at += hours * 3_600_000
    const of = (seen: readonly Change[]) => {
      changes.push(seen)
      return { at, actor: 'system' as const }
    }
    saves.push(await records.save(environmentId, pages, { at, of }))
    if (forget) await records.forgetPlaces(environmentId, 'con_1', forget)
  }
  const metrics = ['audience.followers']
  const series = await records.series(environmentId, { connections, metrics, limit: 1000 })
  const ofItems = await records.series(environmentId, { connections, metrics, item: '*', limit: 1000 })
  return {
    changes,
    saves,
    series,
    ofItems,
    latest: await records.series(environmentId, { connections, metrics, latest: true, limit: 1000 }),
    history: await Promise.all(
      [...series, ...ofItems].map((row) => records.history(environmentId, row, { limit: 100 })),
    ),
    scan: await Promise.all(
      [undefined, ...series, ...ofItems].map((after) =>
        records.scan(environmentId, { connectionId: 'con_1', item: null, after, limit: 3 }),
      ),
    ),
    items: await records.items(environmentId, { connections, limit: 100 }),
    audiences: await records.audiences(environmentId, connections),
    facts: await records.facts(environmentId, connections),
    sharing: await Promise.all(isrcs.map((isrc) => records.sharing(environmentId, { isrcs: [isrc], limit: 10 }))),
    refused: await records.refusedRows(environmentId, { connections, limit: 100 }),
    places: await records.places(
      environmentId,
      connections.flatMap((connectionId) => streams.map((stream) => ({ connectionId, stream }))),
    ),
  }
}

test('memory and PostgreSQL give the same answers to the same operations', async () => {
  let count = 0
  const postgres = openPostgresRecords(testDatabase.database)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const environmentId = `env_${++count}`
      const stored = await answersOf(postgres, environmentId, steps)
      assert.deepEqual(stored, await answersOf(openMemoryRecords(new AlongLog()), environmentId, steps))
    }),
    { numRuns: 60 },
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs } from '@patchbay/kit'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryJobs } from '../../drivers/jobs/memory.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import { openMemoryStores } from '../../drivers/memory-stores.ts'
import type { Backfill } from '../../ports/backfills.ts'
import { runBackfillSweep } from './sweep-backfills.ts'

const environmentId = 'env_a'
const along = { at: 0, actor: 'system' } as const

/** Backfills that ended with the epoch, each with its place, and a stream with one of its own. */
async function openWorld(count: number) {
  const { stores } = openMemoryStores()
  const [clock, log] = [new SimulatedClock(0), openCapturedLog()]
  const environments = async () => [{ id: environmentId, workspace: 'w', mode: 'test' as const, createdAt: 0 }]
  const deps = { ...stores, clock, log, jobs: openMemoryJobs(clock), directory: { environments } }
  const rest = { observations: [], items: [], audiences: [], refused: [], removed: [], cursor: undefined }
  const save = (page: { walk?: string; stream: string }) =>
    deps.records.save(environmentId, [{ ...rest, ...page, connectionId: 'con_1', runId: 'run', checkpoint: 1 }], along)
  const make = async (id: string, more: Partial<Backfill> = {}) => {
    const backfill: Backfill = {
      ...{ id, environmentId, connectionId: 'con_1', integrationId: 'int_1', provider: 'acme', stream: 'daily' },
      ...{ firstDay: '1969-01-01', lastDay: '1969-12-31', state: 'failed', fault: null, says: null, failures: 0 },
      ...{ readyAt: 0, pages: 1, calls: 1, written: 1, seenFrom: null, seenTo: null, actor: 'key:k' },
      ...{ createdAt: 0, startedAt: 0, endedAt: 0 },
      ...more,
    }
    await deps.backfills.create(backfill, along)
    await save({ stream: 'daily', walk: id })
  }
  await save({ stream: 'daily' })
  const ids = Array.from({ length: count }, (_, n) => `bkf_${String(n).padStart(4, '0')}`)
  for (const id of ids) await make(id)
  const places = async (streams: readonly string[]) =>
    (
      await deps.records.places(
        environmentId,
        streams.map((stream) => ({ connectionId: 'con_1', stream })),
      )
    ).flatMap(({ stream, savedAt }) => (savedAt === null ? [] : [stream]))
  const left = async () => (await deps.backfills.list(environmentId, { limit: 9_999 })).map(({ id }) => id)
  const sweepAt = (at: number, more: Partial<typeof deps> = {}) =>
    runBackfillSweep({ ...deps, ...more, clock: new SimulatedClock(at) })
  return { deps, ids, make, places, left, sweepAt }
}

test('what is left of a backfill is forgotten after four hundred days, its place too, and what goes on is kept', async () => {
  const { ids, make, places, left, sweepAt } = await openWorld(1)
  await make('bkf_late', { readyAt: dayMs })
  await make('bkf_open', { state: 'waiting' })
  const all = [...ids, 'bkf_late', 'bkf_open', 'daily']
  await sweepAt(400 * dayMs)
  assert.deepEqual(await places(all), all)
  await sweepAt(400 * dayMs + 1)
  assert.deepEqual(
    [await left(), await places(all)],
    [
      ['bkf_open', 'bkf_late'],
      ['bkf_late', 'bkf_open', 'daily'],
    ],
  )
  await sweepAt(401 * dayMs + 1)
  assert.deepEqual([await left(), await places(all)], [['bkf_open'], ['bkf_open', 'daily']])
})

test('what is much goes in pieces until nothing is left, and no place is left where a sweep was broken off', async () => {
  const { deps, ids, places, left, sweepAt } = await openWorld(2_001)
  let turns = 0
  const breaking: typeof deps.backfills = {
    ...deps.backfills,
    async forget(...given) {
      assert.ok(given[1].length <= 1_000)
      const forgotten = await deps.backfills.forget(...given)
      // Done, and the process is gone before it heard of that.
      if (++turns === 2) throw new Error('Connection terminated unexpectedly')
      return forgotten
    },
  }
  await sweepAt(401 * dayMs, { backfills: breaking })
  assert.equal((await left()).length, 1)
  await sweepAt(401 * dayMs, { backfills: breaking })
  assert.deepEqual([await left(), await places([...ids, 'daily'])], [[], ['daily']])
  assert.equal(turns, 3)
})

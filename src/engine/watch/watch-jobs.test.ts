import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs } from '@patchbay/kit'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryJobs } from '../../drivers/jobs/memory.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import { openMemoryStores } from '../../drivers/memory-stores.ts'
import { callsKeptMs, runWatchSweep, startWatchJobs } from './watch-jobs.ts'

function openWorld() {
  const clock = new SimulatedClock(Date.UTC(2026, 0, 1))
  const environments = async () =>
    ['env_a', 'env_b'].map((id) => ({ id, workspace: 'wsp_1', mode: 'test' as const, createdAt: 0 }))
  return { ...openMemoryStores().stores, directory: { environments }, clock, log: openCapturedLog() }
}

test('calls are kept for a hundred days, and signs of life longer, in every environment', async () => {
  const world = openWorld()
  const { clock, history, journal } = world
  const [from, to] = [clock.now(), clock.now() + dayMs]
  const { startedAt, ...call } = {
    ...{ startedAt: from, connectionId: null, integrationId: null, runId: null, provider: 'example' },
    ...{
      lane: 'scheduled' as const,
      method: 'GET',
      address: 'api.example.com/',
      attempts: 1,
      status: 200,
      fault: null,
    },
    ...{ cost: {}, durationMs: 1, waitedMs: 0, requestBytes: 0, responseBytes: 0, requestId: null },
  }
  for (const environmentId of ['env_a', 'env_b'])
    await journal.calls(environmentId, [
      { ...call, environmentId, id: 'call_1', startedAt },
      { ...call, environmentId, id: 'call_2', startedAt: startedAt + 1 },
    ])
  await history.beat({ process: 'prc_1', at: from, planner: null })
  const sweepAt = (at: number) => runWatchSweep({ ...world, clock: new SimulatedClock(at) })
  await sweepAt(from + callsKeptMs + 1)
  for (const environmentId of ['env_a', 'env_b'])
    assert.deepEqual(
      (await journal.readCalls(environmentId, { limit: 9 })).map(({ id }) => id),
      ['call_2'],
    )
  assert.equal((await history.beats({ from, to })).alive, 1)
  await sweepAt(from + 401 * dayMs)
  assert.deepEqual(await journal.readCalls('env_a', { limit: 9 }), [])
  assert.equal((await history.beats({ from, to })).alive, 0)
})

test('goes on until nothing is left, and stops when it is told to', async () => {
  const world = openWorld()
  let left = 25_000
  const sweep = async (environmentId: string) => {
    if (environmentId !== 'env_a') return 0
    const swept = Math.min(10_000, left)
    left -= swept
    return swept
  }
  const deps = { ...world, journal: { ...world.journal, sweep } }
  await runWatchSweep(deps, AbortSignal.abort())
  assert.equal(left, 25_000)
  await runWatchSweep(deps)
  assert.equal(left, 0)
  assert.deepEqual(
    world.log.lines.map(({ fields }) => fields),
    [{ rows: 25_000 }],
  )
})

test('is done by the hour', async () => {
  const world = openWorld()
  const crons: string[] = []
  await startWatchJobs({
    ...world,
    jobs: { ...openMemoryJobs(world.clock), cron: async (queue) => void crons.push(queue) },
  })
  assert.deepEqual(crons, ['watch.sweep-history'])
})

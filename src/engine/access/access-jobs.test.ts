import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs } from '@patchbay/kit'
import { openMemoryAccess } from '../../drivers/access/memory.ts'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryJobs } from '../../drivers/jobs/memory.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import { runAccessSweep, startAccessJobs } from './access-jobs.ts'

const environment = { workspace: 'wsp_1', mode: 'test', createdAt: 0 } as const
const environments = async () => ['env_a', 'env_b'].map((id) => ({ ...environment, id }))

test('an idempotency key is forgotten when it is good no more, in every environment', async () => {
  const [access, clock] = [openMemoryAccess(), new SimulatedClock(Date.UTC(2026, 0, 2))]
  const now = clock.now()
  const claim = (environmentId: string, key: string, goodUntil: number, hash = 'first') =>
    access.begin(environmentId, key, { hash, at: now - dayMs, staleBefore: 0, goodUntil })
  for (const { id } of await environments()) {
    await claim(id, 'old', now)
    await claim(id, 'kept', now + 1)
  }
  await runAccessSweep({ access, clock, log: openCapturedLog(), directory: { environments } })
  for (const { id } of await environments()) {
    assert.deepEqual(await claim(id, 'old', now + 1, 'second'), { state: 'new', again: false })
    assert.deepEqual(await claim(id, 'kept', now + 1, 'second'), { state: 'differs' })
  }
})

test('what is much is forgotten in small steps, until nothing is left or somebody stops it', async () => {
  const [access, clock, stop] = [openMemoryAccess(), new SimulatedClock(dayMs), new AbortController()]
  for (let n = 0; n < 2_500; n++)
    await access.begin('env_b', `k${n}`, { hash: 'a', at: 0, staleBefore: 0, goodUntil: clock.now() })
  const steps: number[] = []
  const stopping: typeof access = {
    ...access,
    async forgetUses(environmentId, now) {
      const forgotten = await access.forgetUses(environmentId, now)
      if (environmentId === 'env_b' && steps.push(forgotten) === 1) stop.abort()
      return forgotten
    },
  }
  const deps = { access: stopping, clock, log: openCapturedLog(), directory: { environments } }
  await runAccessSweep(deps, stop.signal)
  assert.deepEqual(steps, [1_000])
  await runAccessSweep(deps)
  assert.deepEqual(steps, [1_000, 1_000, 500])
})

test('it is forgotten by the hour', async () => {
  const clock = new SimulatedClock(0)
  const crons: string[] = []
  const jobs = { ...openMemoryJobs(clock), cron: async (queue: string) => void crons.push(queue) }
  await startAccessJobs({
    jobs,
    clock,
    log: openCapturedLog(),
    access: openMemoryAccess(),
    directory: { environments },
  })
  assert.deepEqual(crons, ['access.sweep'])
})

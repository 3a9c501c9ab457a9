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

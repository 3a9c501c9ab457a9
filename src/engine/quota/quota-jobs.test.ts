import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryJobs } from '../../drivers/jobs/memory.ts'
import { openMemoryLimiter } from '../../drivers/limiter/memory.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import { runQuotaSweep, startQuotaJobs } from './quota-jobs.ts'

const clock = new SimulatedClock(Date.UTC(2026, 0, 1))

/** A limiter with so many draws to forget, a thousand at a time. */
function heap(size: number) {
  const asked: number[] = []
  const sweep = async (now: number) => {
    const swept = Math.min(1_000, size)
    size -= swept
    asked.push(now)
    return swept
  }
  return { limiter: { ...openMemoryLimiter(), sweep }, asked, left: () => size }
}

test('sweeps until nothing is left', async () => {
  const { limiter, asked, left } = heap(2_500)
  const log = openCapturedLog()
  await runQuotaSweep({ limiter, clock, log })
  assert.deepEqual([left(), asked], [0, [clock.now(), clock.now(), clock.now(), clock.now()]])
  assert.deepEqual(
    log.lines.map(({ fields }) => fields),
    [{ count: 2_500 }],
  )
})

test('stops when it is told to', async () => {
  const { limiter, left } = heap(5_000)
  await runQuotaSweep({ limiter, clock, log: openCapturedLog() }, AbortSignal.abort())
  assert.equal(left(), 5_000)
})

test('is done by the hour where the limiter does not forget by itself, and only there', async () => {
  const crons: string[] = []
  const jobs = { ...openMemoryJobs(clock), cron: async (queue: string) => void crons.push(queue) }
  const deps = { clock, jobs, log: openCapturedLog() }
  await startQuotaJobs({ ...deps, limiter: openMemoryLimiter() })
  assert.deepEqual(crons, [])
  await startQuotaJobs({ ...deps, limiter: heap(0).limiter })
  assert.deepEqual(crons, ['quota.sweep'])
})

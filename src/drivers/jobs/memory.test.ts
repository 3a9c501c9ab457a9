import type { Clock } from '../../ports/clock.ts'
import { jobsContract } from '../../ports/jobs.contract.ts'
import { openMemoryJobs } from './memory.ts'

/** A clock by hand: `pass` moves it and wakes whoever slept long enough. */
function manualClock() {
  let now = 0
  const sleepers: { at: number; wake: () => void }[] = []
  const clock: Clock = { now: () => now, sleep: (ms) => new Promise((wake) => sleepers.push({ at: now + ms, wake })) }
  return {
    clock,
    async pass(ms: number) {
      const end = now + ms
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve))
        sleepers.sort((a, b) => a.at - b.at)
        if (!sleepers[0] || sleepers[0].at > end) break
        const next = sleepers.shift()!
        now = next.at
        next.wake()
      }
      now = end
    },
  }
}

jobsContract('memory', async () => {
  const { clock, pass } = manualClock()
  const jobs = openMemoryJobs(clock)
  return { jobs, pass, close: async () => {} }
})

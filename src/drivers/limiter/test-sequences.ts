import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Draw, Limiter } from '../../ports/limiter.ts'
import type { Lane } from '../../ports/schedule.ts'
import { openMemoryLimiter } from './memory.ts'

/** To any sequence of questions the limiter answers as the memory limiter does. */
export async function checkAnswersAsMemory(limiter: Limiter): Promise<void> {
  let round = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const prefix = `provider/round_${++round}`
      const one = await answers(openMemoryLimiter(), prefix, steps)
      const other = await answers(limiter, prefix, steps)
      assert.deepEqual(other, one)
    }),
    { numRuns: Number(process.env['PATCHBAY_TEST_RUNS'] ?? 40) },
  )
}

interface Step {
  readonly verb: 'take' | 'end' | 'undo' | 'part' | 'park' | 'learn' | 'usage'
  readonly afterMs: number
  /** Which buckets, which ticket, how much: each verb reads what it needs. */
  readonly buckets: number[]
  readonly amount: number
  readonly lane: Lane
}

const step: fc.Arbitrary<Step> = fc.record({
  verb: fc.constantFrom('take', 'take', 'take', 'end', 'end', 'undo', 'part', 'park', 'learn', 'usage'),
  afterMs: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(1500), fc.nat(200_000)),
  buckets: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 4 }),
  amount: fc.nat(4),
  lane: fc.constantFrom('interactive', 'scheduled'),
})

/** Two rolling buckets, one of calendar windows, one for concurrency. */
function drawsOf(prefix: string, { buckets, amount }: Step, now: number): Draw[] {
  const startsAt = Math.floor(now / 2000) * 2000
  const windows = [
    { limit: 5, window: { rollingMs: 1000 } },
    { limit: 12, window: { rollingMs: 30_000 } },
    { limit: 8, window: { startsAt, endsAt: startsAt + 2000 } },
    { limit: 4, window: { concurrent: true as const } },
  ]
  return buckets.map((index) => ({ bucket: `${prefix}/${index}`, amount, ...windows[index]! }))
}

async function answers(limiter: Limiter, prefix: string, steps: readonly Step[]): Promise<unknown[]> {
  const seen: unknown[] = []
  const tickets: string[] = []
  let now = Date.UTC(2026, 5, 1)
  for (const each of steps) {
    now += each.afterMs
    const draws = drawsOf(prefix, each, now)
    const [draw] = draws
    const ticket = tickets[each.amount % Math.max(1, tickets.length)]
    if (each.verb === 'take') {
      const taken = await limiter.take(draws, { now, lane: each.lane })
      if (taken.granted) tickets.push(taken.ticket)
      seen.push(taken.granted || taken)
    } else if (each.verb === 'park') await limiter.park(draw!.bucket, now + each.amount * 500)
    else if (each.verb === 'learn') await limiter.learn(draw!, each.amount * 2, now)
    else if (each.verb === 'usage') seen.push(await limiter.usage(prefix, now))
    else if (ticket && each.verb === 'part')
      await limiter.settle(ticket, { at: now, sent: each.buckets.length > 1, amount: each.amount / 2 })
    else if (ticket) await limiter.settle(ticket, { at: now - (each.amount % 2), sent: each.verb === 'end' })
  }
  seen.push(await limiter.usage(prefix, now))
  return seen
}

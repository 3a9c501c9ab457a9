import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import { limiterContract } from '../../ports/limiter.contract.ts'
import type { Draw, Limiter } from '../../ports/limiter.ts'
import type { Lane } from '../../ports/schedule.ts'
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts'
import { openMemoryLimiter } from './memory.ts'
import { openPostgresLimiter } from './postgres.ts'

limiterContract('postgres', async () => {
  const { database, drop } = await openTestDatabase()
  return { limiter: openPostgresLimiter(database), close: drop }
})

suite('postgres limiter beside the memory limiter', () => {
  let shared: TestDatabase
  before(async () => {
    shared = await openTestDatabase({ poolSize: 8 })
  })
  after(() => shared.drop())

  test('answers the same to any sequence of questions', async () => {
    let round = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const prefix = `provider/round_${++round}`
        const one = await answers(openMemoryLimiter(), prefix, steps)
        const other = await answers(openPostgresLimiter(shared.database), prefix, steps)
        assert.deepEqual(other, one)
      }),
      { numRuns: Number(process.env['PATCHBAY_TEST_RUNS'] ?? 40) },
    )
  })

  test('holds the limit for eight processes that take from three buckets in any order', async () => {
    const limiter = openPostgresLimiter(shared.database)
    const draws: Draw[] = ['c', 'a', 'b'].map((name) => ({
      bucket: `provider/many/${name}`,
      amount: 1,
      limit: 15,
      window: { rollingMs: 60_000 },
    }))
    const orders = [draws, draws.toReversed(), [draws[1]!, draws[2]!, draws[0]!]]
    const asked = Array.from({ length: 60 }, async (_, index) => {
      const taken = await limiter.take(orders[index % 3]!, { now: index, lane: 'interactive' })
      if (taken.granted) await limiter.settle(taken.ticket, { at: index + 1, sent: true })
      return taken.granted
    })
    assert.equal((await Promise.all(asked)).filter(Boolean).length, 15)
    assert.deepEqual(
      (await limiter.usage('provider/many/', 100)).map(({ used }) => used),
      [15, 15, 15],
    )
  })

  test('sweeps draws of buckets that nobody asks any more', async () => {
    const limiter = openPostgresLimiter(shared.database)
    const draw: Draw = { bucket: 'provider/old/x', amount: 1, limit: 9, window: { rollingMs: 1000 } }
    await limiter.take([draw], { now: 1_000_000_000, lane: 'interactive' })
    assert.ok((await limiter.sweep(2_000_000_000)) >= 1)
    assert.equal(await limiter.sweep(2_000_000_000), 0)
  })
})

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

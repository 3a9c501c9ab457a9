import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { limiterContract, renewingContract } from '../../ports/limiter.contract.ts'
import type { Draw } from '../../ports/limiter.ts'
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts'
import { openPostgresLimiter } from './postgres.ts'
import { checkAnswersAsMemory } from './test-sequences.ts'

const open = async () => {
  const { database, drop } = await openTestDatabase()
  return { limiter: openPostgresLimiter(database), close: drop }
}

limiterContract('postgres', open)
renewingContract('postgres', open)

suite('postgres limiter beside the memory limiter', () => {
  let shared: TestDatabase
  before(async () => {
    shared = await openTestDatabase({ poolSize: 8 })
  })
  after(() => shared.drop())

  test('answers the same to any sequence of questions', async () => {
    await checkAnswersAsMemory(openPostgresLimiter(shared.database))
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

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { MostInWindow } from './most-in-window.ts'
import { playCalls } from './play-calls.ts'

test('four processes that die share quotas to the last call, and the platform never refuses one', async () => {
  const played = await playCalls({ calls: 7_000, processes: 4, seed: 'quota', deathEveryMs: 30_000 })
  assert.deepEqual(played.violations, [])
  const { calls, deaths, lost, neverSent } = played
  assert.ok(
    calls >= 7_000 && deaths > 0 && lost > 30 && neverSent > 30,
    `${JSON.stringify({ calls, deaths, lost, neverSent })}`,
  )
  for (const { quota, most, limit } of played.peaks) {
    assert.ok(most <= limit, `${quota} held ${most} of ${limit}`)
    // Otherwise it would be easy.
    assert.ok(most >= limit * 0.8, `${quota} held no more than ${most} of ${limit}`)
  }
})

suite('the most in a window', () => {
  test('is what counting each of them finds', () => {
    const calls = fc.array(fc.record({ gap: fc.nat(40), amount: fc.integer({ min: 1, max: 5 }) }), { maxLength: 60 })
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 200 }), (all, lengthMs) => {
        const counted = new MostInWindow(lengthMs)
        let now = 0
        const at = all.map(({ gap, amount }) => {
          now += gap
          counted.add(now, amount)
          return { at: now, amount }
        })
        const held = at.map((end) =>
          at.reduce((sum, one) => (one.at > end.at - lengthMs && one.at <= end.at ? sum + one.amount : sum), 0),
        )
        assert.equal(counted.most, Math.max(0, ...held))
      }),
      { numRuns: 200, seed: 20261128 },
    )
  })
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Quota } from '@patchbay/kit'
import { openTestWorld, testProvider, testStart, testTarget } from '../http/test-provider.ts'
import { quotaUsage } from './usage.ts'

suite('quota usage', () => {
  const quotas: Quota[] = [
    { id: 'general', per: 'app', limit: 10, window: { day: 'America/Los_Angeles' }, unit: 'units', source: 'docs' },
    { id: 'user', per: 'user', limit: 4, window: { rollingMs: 60_000 }, source: 'docs' },
    { id: 'ip', per: 'ip', limit: 100, window: { concurrent: true }, source: 'docs' },
    { id: 'dev', per: 'app', limit: 1, window: { rollingMs: 1000 }, when: { mode: 'dev' }, source: 'docs' },
  ]
  const target = testTarget(testProvider({ quotas }))
  const midnight = Date.UTC(2026, 0, 16, 8)

  test('shows what nobody has used yet, but no users without any', async () => {
    const world = openTestWorld([200])
    const usage = await quotaUsage(world, target)
    assert.deepEqual(
      usage.map(({ quota, used, resetsAt, share }) => [quota, used, resetsAt, share]),
      [
        ['general', 0, null, 0],
        ['ip', 0, null, 0],
      ],
    )
  })

  test('shows what is used, by whom, and when it is free again, the fullest first', async () => {
    const world = openTestWorld([200], { latencyMs: 100 })
    const usage = await world.clock.run(async () => {
      for (const grantId of ['grt_1', 'grt_2', 'grt_2'])
        await world.gateway.call({ ...target, grantId }, { path: '/x' })
      await world.limiter.park('acme/int_1/general', testStart + 30_000)
      return quotaUsage(world, target)
    })
    assert.deepEqual(usage, [
      {
        quota: 'user',
        per: 'user',
        whose: 'grt_2',
        unit: 'calls',
        used: 2,
        limit: 4,
        share: 0.5,
        window: 60_000,
        resetsAt: testStart + 60_300,
        parkedUntil: null,
        source: 'docs',
      },
      {
        quota: 'general',
        per: 'app',
        whose: null,
        unit: 'units',
        used: 3,
        limit: 10,
        share: 0.3,
        window: 'America/Los_Angeles',
        resetsAt: midnight,
        parkedUntil: testStart + 30_000,
        source: 'docs',
      },
      {
        quota: 'user',
        per: 'user',
        whose: 'grt_1',
        unit: 'calls',
        used: 1,
        limit: 4,
        share: 0.25,
        window: 60_000,
        resetsAt: testStart + 60_100,
        parkedUntil: null,
        source: 'docs',
      },
      {
        quota: 'ip',
        per: 'ip',
        whose: null,
        unit: 'calls',
        used: 0,
        limit: 100,
        share: 0,
        window: 'concurrent',
        resetsAt: null,
        parkedUntil: null,
        source: 'docs',
      },
    ])
  })

  test('of a platform of one’s own, too, what is counted by our address is what its calls took', async () => {
    const calls: Quota = { id: 'calls', per: 'ip', limit: 10, window: { rollingMs: 60_000 }, source: 'docs' }
    const usedOf = async (provider: ReturnType<typeof testProvider>) => {
      const world = openTestWorld([200])
      const own = testTarget(provider)
      return world.clock.run(async () => {
        await world.gateway.call(own, { path: '/x' })
        return (await quotaUsage(world, own)).map(({ used }) => used)
      })
    }
    const provider = testProvider({ quotas: [calls] })
    assert.deepEqual([await usedOf(provider), await usedOf({ ...provider, ownedBy: 'env_1' })], [[1], [1]])
  })
})

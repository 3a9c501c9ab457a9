import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, minute } from '@patchbay/kit'
import { runDeliverySweep } from './delivery-jobs.ts'
import { openTestWorld } from './test-world.ts'

test('deliveries are kept for a month after their end, events for a hundred days, and what is over is forgotten', async () => {
  const world = await openTestWorld(({ url }) => (url.includes('bad') ? { status: 500 } : {}))
  const { deliveries } = world.deps
  const count = async () => [
    (await deliveries.list('env_test', { limit: 500 })).length,
    (await deliveries.eventsAfter('env_test', { after: 0, limit: 500 })).length,
  ]
  await world.clock.run(async () => {
    await world.create()
    const bad = await world.create({ url: 'https://bad.example/' })
    await world.endpoints.change(world.environment, bad.id, { enabled: true }, 'user:ada')
    await world.write(5)
    await world.send(minute)
    const sweep = () => runDeliverySweep(world.deps, new AbortController().signal)
    await world.clock.sleep(29 * dayMs)
    await sweep()
    assert.deepEqual(await count(), [10, 5])
    await world.clock.sleep(2 * dayMs)
    await sweep()
    assert.deepEqual(await count(), [5, 5])
    await world.clock.sleep(70 * dayMs)
    await sweep()
    assert.deepEqual(await count(), [0, 0])
    assert.deepEqual(await deliveries.places('env_test'), { head: 5, swept: 5 })
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, minute } from '@patchbay/kit'
import { runDeliverySweep, startDeliveryJobs } from './delivery-jobs.ts'
import { openTestWorld } from './test-world.ts'

test('what was given up is kept for a month, what was taken for as long as its event, and that for a hundred days', async () => {
  const world = await openTestWorld(({ url }) => (url.includes('bad') ? { status: 500 } : {}))
  const { deliveries } = world.deps
  const count = async () => [
    (await deliveries.list('env_test', { limit: 500 })).length,
    (await deliveries.eventsAfter('env_test', { after: 0, limit: 500 })).length,
  ]
  /** As after three days of tries, which would take until then. */
  const giveUp = async (endpointId: string) => {
    const [now, claim] = [world.clock.now(), 'clm_last']
    const options = { claim, now: now + dayMs, until: now, limit: 100, limitWhileFailing: 100 }
    const { deliveries: claimed } = (await deliveries.claim('env_test', endpointId, options))!
    const tried = { at: now, durationMs: 1, status: 500, says: 'no', response: null }
    const failed = claimed.map(({ eventId }) => ({ eventId, state: 'failed' as const, nextAt: now, tried }))
    await deliveries.settle('env_test', endpointId, claim, failed)
  }
  await world.clock.run(async () => {
    const good = await world.create()
    const bad = await world.create({ url: 'https://bad.example/' })
    await world.endpoints.change(world.environment, bad.id, { enabled: true }, 'user:ada')
    await world.write(5)
    await world.send(minute)
    const sweep = () => runDeliverySweep(world.deps, new AbortController().signal)
    await giveUp(bad.id)
    await world.clock.sleep(29 * dayMs)
    await sweep()
    assert.deepEqual(await count(), [10, 5])
    await world.clock.sleep(2 * dayMs)
    await sweep()
    assert.deepEqual(await count(), [5, 5])
    const before = world.asked.length
    assert.equal(await world.endpoints.recover(world.environment, good.id, world.start, 'user:ada'), 0)
    await world.send(minute)
    assert.equal(world.asked.length, before)
    await world.clock.sleep(70 * dayMs)
    await sweep()
    assert.deepEqual(await count(), [0, 0])
    assert.deepEqual(await deliveries.places('env_test'), { head: 5, swept: 5 })
  })
})

test('an environment in which nothing can be forgotten keeps no other from it, and what is much goes in small steps', async () => {
  const world = await openTestWorld()
  const { deliveries } = world.deps
  await world.deps.directory.saveEnvironment({ ...world.environment, id: 'env_broken' })
  const steps: number[] = []
  const breaking: typeof deliveries = {
    ...deliveries,
    async sweep(environmentId, before) {
      if (environmentId === 'env_broken') throw new Error('canceling statement due to statement timeout')
      const swept = await deliveries.sweep(environmentId, before)
      steps.push(swept)
      return swept
    },
  }
  await world.clock.run(async () => {
    await world.write(2_500)
    await world.send(minute)
    await world.clock.sleep(101 * dayMs)
    await runDeliverySweep({ ...world.deps, deliveries: breaking }, new AbortController().signal)
  })
  assert.deepEqual(steps, [1_000, 1_000, 500])
  assert.deepEqual(
    world.log.lines.map(({ event, fields }) => [event, fields.environmentId]),
    [['deliveries.not_swept', 'env_broken']],
  )
})

test('what is left of an endpoint that was removed is forgotten in small steps, and by the next sweep where one was broken off', async () => {
  const world = await openTestWorld()
  const { deliveries } = world.deps
  const steps: number[] = []
  let stop = new AbortController()
  const stopping: typeof deliveries = {
    ...deliveries,
    async sweep(environmentId, before) {
      const swept = await deliveries.sweep(environmentId, before)
      if (steps.push(swept) === 1) stop.abort()
      return swept
    },
  }
  await world.clock.run(async () => {
    const { id } = await world.create()
    await world.write(2_500)
    await world.send(minute)
    await world.endpoints.remove(world.environment, id, 'user:ada')
    assert.deepEqual(await deliveries.list('env_test', { limit: 5_000 }), [])
    await runDeliverySweep({ ...world.deps, deliveries: stopping }, stop.signal)
    assert.deepEqual(steps, [1_000])
    stop = new AbortController()
    await runDeliverySweep({ ...world.deps, deliveries: stopping }, stop.signal)
  })
  assert.deepEqual(steps, [1_000, 1_000, 500])
  assert.equal(await deliveries.sweep('env_test', { failed: 0, events: 0 }), 0)
  assert.equal((await deliveries.eventsAfter('env_test', { after: 0, limit: 5_000 })).length, 2_500)
})

test('that begins when it is removed, and where it cannot begin the endpoint is removed all the same', async () => {
  const world = await openTestWorld()
  const { deliveries, jobs } = world.deps
  const left = () => deliveries.sweep('env_test', { failed: 0, events: 0 })
  await world.clock.run(async () => {
    const [one, other] = [await world.create(), await world.create()]
    await world.write(5)
    await world.send(minute)
    await startDeliveryJobs(world.deps)
    await jobs.start()
    await world.endpoints.remove(world.environment, one.id, 'user:ada')
    await world.clock.sleep(1)
    assert.equal(await left(), 0)
    Object.assign(jobs, { send: () => Promise.reject(new Error('Connection terminated unexpectedly')) })
    await world.endpoints.remove(world.environment, other.id, 'user:ada')
    assert.deepEqual(await deliveries.endpoints('env_test'), [])
    assert.deepEqual(
      world.log.lines.flatMap(({ level, event }) => (level === 'info' ? [] : [[level, event]])),
      [['warn', 'endpoint.swept_later']],
    )
    assert.equal(await left(), 5)
    await jobs.stop(0)
  })
})

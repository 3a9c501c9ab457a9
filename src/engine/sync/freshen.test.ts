import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, Fault, hour, minute } from '@patchbay/kit'
import { openFreshen } from './freshen.ts'
import { openPlanner } from './planner.ts'
import { environmentId, openTestWorld, type TestWorld } from './test-world.ts'

interface Told {
  readonly world: TestWorld
  /** Asks with `maxAge`, and says of each stale stream `stream reason fault`. */
  readonly ask: (maxAge: string, metrics?: string[]) => Promise<string[]>
  /** Calls since the last time. */
  readonly calls: () => number
}

/** Two connections that were read two hours ago, and a planner at work. */
const story = (title: string, tell: (told: Told) => Promise<void>) =>
  test(title, async () => {
    const world = await openTestWorld()
    await world.clock.run(async () => {
      const connections = [
        await world.connect('con_1'),
        await world.connect('con_2', { streams: ['channel', 'daily'] }),
      ]
      const planner = openPlanner(world.deps)
      const stop = new AbortController()
      const ended = planner.run(stop.signal)
      await world.clock.sleep(minute)
      const freshen = openFreshen({ ...world.deps, wake: planner.wake })
      world.platform.requests.length = 0
      const calls = () => world.platform.requests.splice(0).length
      const ask = async (maxAge: string, metrics?: string[]) =>
        (
          await freshen(
            environmentId,
            (
              await world.deps.connections.list(environmentId, { limit: 9 })
            ).filter(({ id }) => connections.some((one) => one.id === id)),
            { maxAge, metrics },
          )
        ).map(({ connection, stream, reason, fault }) => [connection, stream, reason, fault ?? ''].join(' ').trim())
      await tell({ world, ask, calls })
      stop.abort()
      await ended
    })
  })

story(
  'what is fresh enough is not read again, and what is older is, whatever stream the metric comes from',
  async ({ world, ask, calls }) => {
    assert.deepEqual(await ask('1h'), [])
    assert.equal(calls(), 0)
    assert.deepEqual(await ask('10s'), [])
    assert.equal(calls(), 1, 'both accounts in one call')
    await world.clock.sleep(2 * minute)
    world.platform.plays.set('acc_2', [7])
    assert.deepEqual(await ask('1m', ['consumption.views_daily']), [])
    assert.equal(calls(), 1)
    assert.equal((await world.stored()).accounts.filter(({ metric }) => metric === 'consumption.views_daily').length, 1)
  },
)

story('fifty who ask at once share one reading', async ({ world, ask, calls }) => {
  await world.clock.sleep(10 * minute)
  let looks = 0
  const { of } = world.deps.schedule
  Object.assign(world.deps.schedule, {
    of: (...args: Parameters<typeof of>) => {
      looks++
      return of(...args)
    },
  })
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask('1m')))
  assert.deepEqual(answers.flat(), [])
  assert.equal(calls(), 1)
  // Each looks once to see that it is old; then they look together.
  assert.ok(looks <= 50 + 20, `${looks} looks`)
})

story('who asks while it is being read waits for that reading', async ({ world, ask, calls }) => {
  await world.clock.sleep(10 * minute)
  const first = ask('1m')
  await world.clock.sleep(150)
  assert.deepEqual([await first, await ask('1m')], [[], []])
  assert.equal(calls(), 1)
})

story(
  'what fails is named with its reason, and is not tried again for everybody who asks',
  async ({ world, ask, calls }) => {
    await world.clock.sleep(10 * minute)
    world.platform.spoil = () => {
      throw new Fault('provider.down')
    }
    const failed = ['con_1 channel failed provider.down', 'con_2 channel failed provider.down']
    assert.deepEqual(await ask('1m'), failed)
    assert.equal(calls(), 1)
    assert.deepEqual(await ask('1m'), failed)
    assert.equal(calls(), 0)
    world.platform.spoil = () => undefined
    await world.clock.sleep(2 * minute)
    assert.deepEqual(await ask('1m'), [])
  },
)

story('a quota that is used up is waited for by nobody', async ({ world, ask, calls }) => {
  await world.clock.sleep(10 * minute)
  world.platform.spoil = () => {
    throw new Fault('provider.exhausted', undefined, { waitMs: 3 * hour })
  }
  const waiting = ['con_1 channel waiting provider.exhausted', 'con_2 channel waiting provider.exhausted']
  assert.deepEqual(await ask('1m'), waiting)
  await world.clock.sleep(hour)
  calls()
  const before = world.clock.now()
  assert.deepEqual(await ask('1m'), waiting)
  assert.deepEqual([calls(), world.clock.now() - before], [0, 0])
})

story('a reading that takes long is not waited for without end', async ({ world, ask }) => {
  await world.clock.sleep(10 * minute)
  world.platform.spoil = () => world.clock.sleep(minute).then(() => undefined)
  const before = world.clock.now()
  assert.deepEqual(await ask('1m'), ['con_1 channel not_in_time', 'con_2 channel not_in_time'])
  assert.ok(world.clock.now() - before < 6_000)
  await world.clock.sleep(2 * minute)
  assert.deepEqual(await ask('2h'), [])
})

story('what stands still by a person is named, and nothing is read', async ({ world, ask, calls }) => {
  await world.clock.sleep(dayMs)
  await world.deps.schedule.block(environmentId, 'con_1', { blocked: 'paused' })
  await world.deps.connections.move(
    environmentId,
    'con_1',
    { from: ['healthy'], to: 'paused', reason: null },
    { at: world.clock.now(), actor: 'key:k' },
  )
  calls()
  assert.deepEqual(await ask('1m'), ['con_1 channel blocked'])
  assert.equal(calls(), 1, 'the other one is read')
})

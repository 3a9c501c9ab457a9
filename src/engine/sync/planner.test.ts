import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault, hour, minute } from '@patchbay/kit'
import { openPlanner, type PlannerOptions } from './planner.ts'
import { refresh } from './refresh.ts'
import type { SyncDeps } from './run-stream.ts'
import { environmentId, openTestWorld, type TestWorld } from './test-world.ts'

const story = (title: string, tell: (world: TestWorld) => Promise<void>) =>
  test(title, async () => {
    const world = await openTestWorld()
    await world.clock.run(() => tell(world))
  })

/** A planner at work, until `stop`. */
function startPlanner(world: TestWorld, options: Partial<PlannerOptions> = {}, deps: SyncDeps = world.deps) {
  const planner = openPlanner(deps, options)
  const stopping = new AbortController()
  const ended = planner.run(stopping.signal)
  return {
    planner,
    stop: () => {
      stopping.abort(new Error('enough'))
      return ended
    },
  }
}

const connectMany = async (
  world: TestWorld,
  count: number,
  options: Parameters<TestWorld['connect']>[1] & { prefix?: string } = {},
) => {
  const { prefix = 'con', ...rest } = options
  for (let i = 1; i <= count; i++) await world.connect(`${prefix}_${i}`, { account: `${prefix}_account_${i}`, ...rest })
}

const unread = async ({ deps }: TestWorld) => {
  const connections = await deps.connections.list(environmentId, { limit: 10_000 })
  const slots = await deps.schedule.of(
    environmentId,
    connections.map(({ id }) => id),
  )
  return slots.filter(({ syncedAt }) => syncedAt === null).length
}

const readOf = ({ platform }: TestWorld) => platform.requests.flatMap(({ request }) => request.query?.ids as string[])

story('F96: every due slot is read once, in full batches, by however many planners', async (world) => {
  await connectMany(world, 100)
  const planners = [1, 2, 3].map(() => startPlanner(world, { concurrency: 4, reserved: 1 }))
  await world.clock.sleep(20 * minute)
  await Promise.all(planners.map(({ stop }) => stop()))
  assert.equal(await unread(world), 0)
  assert.equal(new Set(readOf(world)).size, 100)
  assert.equal(readOf(world).length, 100)
  assert.ok(world.platform.requests.length <= 37, `${world.platform.requests.length} calls for 100 accounts of 3`)
})

story('what is nearly due rides along, what is not stays', async (world) => {
  await world.connect('con_1')
  await world.connect('con_2')
  await world.connect('con_3')
  await world.runDue()
  world.platform.requests.length = 0
  // Batches of one app share a place in the interval; one of them is woken before its time.
  const [slot] = await world.deps.schedule.of(environmentId, ['con_1'])
  const waitMs = slot!.dueAt - world.clock.now()
  const { stop } = startPlanner(world)
  await world.clock.sleep(waitMs * 0.88)
  await world.deps.schedule.wake(environmentId, 'con_1', { lane: 'webhook', at: world.clock.now() })
  await world.clock.sleep(waitMs * 0.04)
  assert.deepEqual(readOf(world), ['acc_1'])
  await world.deps.schedule.wake(environmentId, 'con_1', { lane: 'webhook', at: world.clock.now() })
  await world.clock.sleep(waitMs * 0.01)
  await stop()
  assert.deepEqual(readOf(world).sort(), ['acc_1', 'acc_1', 'acc_2', 'acc_3'])
})

story('an app with a flood does not keep another waiting (L02)', async (world) => {
  await connectMany(world, 400, { streams: ['daily'] })
  await world.clock.sleep(1000)
  await connectMany(world, 3, { streams: ['daily'], integration: 'int_2', prefix: 'other' })
  const startedAt = world.clock.now()
  const { stop } = startPlanner(world, { concurrency: 6, perIntegration: 4, reserved: 1 })
  await world.clock.sleep(5 * minute)
  await stop()
  assert.equal(await unread(world), 0)
  const others = world.platform.requests.filter(({ target }) => target.integration.id === 'int_2')
  assert.equal(others.length, 3)
  assert.ok(others.at(-1)!.at - startedAt < 5_000, `${others.at(-1)!.at - startedAt} ms`)
})

story('a profile with a flood does not keep the other profiles of its app waiting', async (world) => {
  await connectMany(world, 300, { streams: ['daily'], profile: 'flood' })
  await world.clock.sleep(1000)
  await connectMany(world, 3, { streams: ['daily'], prefix: 'other', profile: 'small' })
  world.platform.spoil = async () => {
    await world.clock.sleep(500)
    return undefined
  }
  const { stop } = startPlanner(world, { concurrency: 6, perIntegration: 4, reserved: 1 })
  await world.clock.sleep(5 * minute)
  await stop()
  assert.equal(await unread(world), 0)
  const turns = world.platform.requests.map(({ target }) => target.connection!.profileId)
  assert.ok(turns.lastIndexOf('small') < 16, `turns ${turns.flatMap((profile, i) => (profile === 'small' ? [i] : []))}`)
})

story('no more runs at once than allowed, for one app and in all', async (world) => {
  await connectMany(world, 30, { streams: ['daily'] })
  await connectMany(world, 30, { streams: ['daily'], integration: 'int_2', prefix: 'other' })
  const running = new Map<string, number>()
  let mostOfOne = 0
  let mostInAll = 0
  world.platform.spoil = async (_request, { integration }) => {
    running.set(integration.id, (running.get(integration.id) ?? 0) + 1)
    mostOfOne = Math.max(mostOfOne, ...running.values())
    mostInAll = Math.max(
      mostInAll,
      [...running.values()].reduce((sum, one) => sum + one),
    )
    await world.clock.sleep(500)
    running.set(integration.id, running.get(integration.id)! - 1)
    return undefined
  }
  const { stop } = startPlanner(world, { concurrency: 6, perIntegration: 4, reserved: 1 })
  await world.clock.sleep(5 * minute)
  await stop()
  assert.deepEqual([mostOfOne, mostInAll, await unread(world)], [4, 5, 0])
})

story('a person who waits goes first, and past a full house', async (world) => {
  await connectMany(world, 60, { streams: ['daily'] })
  await world.connect('con_me', { account: 'me' })
  await world.runDue({ claim: 'mine' })
  await world.clock.sleep(40 * hour)
  world.platform.spoil = async ({ path }) => {
    if (path === '/daily') await world.clock.sleep(20_000)
    return undefined
  }
  const { planner, stop } = startPlanner(world, { concurrency: 4, reserved: 1 })
  await world.clock.sleep(5_000)
  assert.equal(planner.running, 3)
  const askedAt = world.clock.now()
  world.platform.followers.set('me', 101)
  const deps = { ...world.deps, wake: planner.wake }
  const answer = await refresh(deps, environmentId, 'con_me', { waitMs: 5_000 })
  assert.deepEqual(answer, { done: true, streams: [{ stream: 'channel', state: 'done', fault: null }] })
  assert.ok(world.clock.now() - askedAt < 1_000)
  await stop()
})

story('a refresh says what failed and what is blocked, and waits no longer than asked', async (world) => {
  await world.connect('con_1')
  const { planner, stop } = startPlanner(world)
  await world.clock.sleep(minute)
  const deps = { ...world.deps, wake: planner.wake }
  const outcome = async () => (await refresh(deps, environmentId, 'con_1', { waitMs: 5_000 })).streams[0]
  world.platform.spoil = () => {
    throw new Fault('provider.down')
  }
  assert.deepEqual(await outcome(), { stream: 'channel', state: 'failed', fault: 'provider.down' })
  world.platform.spoil = async () => {
    await world.clock.sleep(minute)
    return undefined
  }
  const askedAt = world.clock.now()
  assert.deepEqual(await outcome(), { stream: 'channel', state: 'running', fault: null })
  assert.equal(world.clock.now() - askedAt, 5_000)
  await world.deps.schedule.block(environmentId, 'con_1', { blocked: 'missing_scope' })
  assert.deepEqual((await refresh(deps, environmentId, 'con_1', { streams: ['channel'] })).streams[0]!.state, 'blocked')
  await assert.rejects(refresh(deps, environmentId, 'nobody', {}), { code: 'input.unknown' })
  const pause = { from: ['pending', 'healthy'], to: 'paused', reason: 'paused' } as const
  await world.deps.connections.move(environmentId, 'con_1', pause, { at: askedAt, actor: 'system' })
  await assert.rejects(refresh(deps, environmentId, 'con_1', {}), { code: 'connection.inactive' })
  await stop()
})

story('a reading that was under way when a refresh was asked does not count as it', async (world) => {
  await world.connect('con_1')
  const { planner, stop } = startPlanner(world)
  let answered = 0
  world.platform.spoil = async () => {
    await world.clock.sleep(2_000)
    answered++
    return undefined
  }
  await world.clock.sleep(1_000)
  const answer = await refresh({ ...world.deps, wake: planner.wake }, environmentId, 'con_1', { waitMs: 20_000 })
  assert.deepEqual([answer.done, answered], [true, 2])
  await stop()
})

story('F92: a stop ends after the page, gives back what waits, and leaves no claim', async (world) => {
  await connectMany(world, 20, { streams: ['videos'] })
  for (let i = 1; i <= 20; i++)
    world.platform.videos.set(
      `con_account_${i}`,
      Array.from({ length: 20 }, (_, n) => ({ id: `${i}_${n}`, views: n })),
    )
  const { stop } = startPlanner(world, { concurrency: 6, reserved: 1 })
  await world.clock.sleep(1_000)
  const askedAt = world.clock.now()
  await stop()
  assert.ok(world.clock.now() - askedAt <= 400, `${world.clock.now() - askedAt} ms`)
  const ids = Array.from({ length: 20 }, (_, i) => `con_${i + 1}`)
  const slots = await world.deps.schedule.of(environmentId, ids)
  assert.deepEqual(
    slots.filter(({ claim }) => claim !== null),
    [],
  )
  assert.deepEqual(await world.deps.journal.readRuns(environmentId, { limit: 99, state: 'running' }), [])
  const next = startPlanner(world)
  await world.clock.sleep(5 * minute)
  await next.stop()
  assert.equal((await world.stored()).list.length, 400)
})

story('F92: a stop does not wait for ever', async (world) => {
  await world.connect('con_1')
  world.platform.spoil = async () => {
    await world.clock.sleep(hour)
    return undefined
  }
  const { stop } = startPlanner(world, { stopMs: 25_000 })
  await world.clock.sleep(1_000)
  const askedAt = world.clock.now()
  await stop()
  assert.equal(world.clock.now() - askedAt, 25_000)
})

story('F89: what a dead process held is read by another when its claims run out', async (world) => {
  await connectMany(world, 10, { streams: ['daily'] })
  const dead = { value: false }
  const deps = mortal(world.deps, dead)
  void startPlanner(world, {}, deps)
  await world.clock.sleep(100)
  dead.value = true
  const { stop } = startPlanner(world)
  await world.clock.sleep(4 * minute)
  await stop()
  assert.equal(await unread(world), 0)
  const runs = await world.deps.journal.readRuns(environmentId, { limit: 99 })
  assert.deepEqual(new Set(runs.map(({ state }) => state)), new Set(['succeeded', 'abandoned']))
})

story('the run of a dead process is closed, also when its connection is never read again', async (world) => {
  await world.connect('con_1', { streams: ['daily'] })
  const dead = { value: false }
  void startPlanner(world, {}, mortal(world.deps, dead))
  await world.clock.sleep(100)
  dead.value = true
  await world.deps.schedule.block(environmentId, 'con_1', { blocked: 'paused' })
  const { stop } = startPlanner(world)
  await world.clock.sleep(hour)
  await stop()
  assert.deepEqual(
    (await world.deps.journal.readRuns(environmentId, { limit: 9 })).map(({ state }) => state),
    ['abandoned'],
  )
})

story('F79: a store that is away for a while loses nothing', async (world) => {
  await connectMany(world, 5, { streams: ['daily'] })
  let away = true
  const broken = <Port extends object>(port: Port) =>
    new Proxy(port, {
      get: (target, name) => (away ? () => Promise.reject(new Error('no database')) : target[name as keyof Port]),
    })
  const { deps } = world
  const { planner, stop } = startPlanner(
    world,
    {},
    { ...deps, schedule: broken(deps.schedule), records: broken(deps.records), journal: broken(deps.journal) },
  )
  await world.clock.sleep(10 * minute)
  away = false
  await world.clock.sleep(5 * minute)
  assert.equal(await unread(world), 0)
  assert.ok(world.clock.now() - planner.lastBeatAt()! <= 1_000)
  await stop()
})

story(
  'F95: after three days in which nobody worked each stream is read once, and not once for each time it was due',
  async (world) => {
    await connectMany(world, 30)
    const first = startPlanner(world)
    await world.clock.sleep(20 * minute)
    await first.stop()
    assert.equal(await unread(world), 0)
    const before = readOf(world).length
    await world.clock.sleep(72 * hour)
    const second = startPlanner(world)
    await world.clock.sleep(20 * minute)
    await second.stop()
    const again = readOf(world).slice(before)
    assert.deepEqual([again.length, new Set(again).size], [30, 30])
  },
)

story('a planner with nothing to do looks once a second', async (world) => {
  let looks = 0
  const claim: SyncDeps['schedule']['claim'] = (options) => {
    looks++
    return world.deps.schedule.claim(options)
  }
  const schedule = { ...world.deps.schedule, claim }
  const { stop } = startPlanner(world, {}, { ...world.deps, schedule })
  await world.clock.sleep(minute)
  await stop()
  assert.ok(looks >= 59 && looks <= 62, `${looks} looks`)
})

/** Everything it asks stays without an answer from the moment of death. */
function mortal(deps: SyncDeps, dead: { value: boolean }): SyncDeps {
  const wrap = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name) {
        const method = target[name as keyof Port]
        if (typeof method !== 'function') return method
        return (...args: unknown[]) => (dead.value ? new Promise(() => {}) : method.apply(target, args))
      },
    })
  return {
    ...deps,
    schedule: wrap(deps.schedule),
    records: wrap(deps.records),
    journal: wrap(deps.journal),
    connections: wrap(deps.connections),
  }
}

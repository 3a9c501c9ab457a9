import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault, minute } from '@patchbay/kit'
import type { SyncDeps } from './run-stream.ts'
import { environmentId, openTestWorld, type TestWorld } from './test-world.ts'

/**
 * A process that is killed at its nth call to the world outside, before the call or after it took effect and before its answer came. From then on
 * it does nothing more.
 */
function dieAt(deps: SyncDeps, n: number, when: 'before' | 'after') {
  const state = { calls: 0, dead: false }
  const death = () => {
    state.dead = true
    return new Error('killed')
  }
  const mortal = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name) {
        const method = target[name as keyof Port]
        if (typeof method !== 'function') return method
        return async (...args: unknown[]) => {
          if (state.dead) return new Promise(() => {})
          const mine = ++state.calls
          if (mine === n && when === 'before') throw death()
          const answer = await method.apply(target, args)
          if (mine === n) throw death()
          // What was asked before the end has its effect; nobody hears of it.
          return state.dead ? new Promise(() => {}) : answer
        }
      },
    })
  const http: SyncDeps['gateway']['http'] = (target, signal) => {
    const inner = deps.gateway.http(target, signal)
    const { call } = mortal({ call: inner as (request: unknown) => Promise<unknown> })
    const { spent, answeredAt } = inner
    return Object.assign(call, { get: mortal({ get: inner.get }).get, spent, answeredAt }) as unknown as typeof inner
  }
  const died: SyncDeps = {
    ...deps,
    connections: mortal(deps.connections),
    directory: mortal(deps.directory),
    records: mortal(deps.records),
    schedule: mortal(deps.schedule),
    journal: mortal(deps.journal),
    gateway: { ...deps.gateway, http },
  }
  return { deps: died, state }
}

async function openScene(prepare: (world: TestWorld) => void | Promise<void>) {
  const world = await openTestWorld()
  for (const id of ['con_1', 'con_2']) {
    await world.connect(id, { streams: ['channel', 'videos', 'daily'] })
    const account = id.replace('con', 'acc')
    world.platform.videos.set(
      account,
      [5, 4, 3, 2, 1].map((n) => ({ id: `${account}_${n}`, views: n })),
    )
    world.platform.plays.set(account, [3, 2, 1])
  }
  await prepare(world)
  return world
}

/** Runs until nothing is due, over so much time that every claim of the dead ran out. */
async function runOut(world: TestWorld) {
  for (let i = 0; i < 40; i++) {
    await world.clock.sleep(minute)
    await world.runDue()
  }
}

/** All that must not depend on when a process dies. */
async function outcome(world: TestWorld) {
  const { deps, along } = world
  const runs = await deps.journal.readRuns(environmentId, { limit: 1000 })
  const slots = await deps.schedule.of(environmentId, ['con_1', 'con_2'])
  const published = along.events
    .filter(({ type }) => type === 'item.published')
    .map(({ data }) => JSON.stringify(data.item))
  const restated = along.events.filter(({ type }) => type === 'metric.restated').map(({ data }) => data.values)
  return {
    ...(await world.stored()),
    open: runs.filter(({ state }) => state === 'running').length,
    held: slots.filter(({ claim }) => claim !== null).length,
    unread: slots.filter(({ syncedAt }) => syncedAt === null).length,
    states: (await deps.connections.list(environmentId, { limit: 9 })).map(({ state }) => state),
    // Each change is told exactly once, since it was told with it.
    published: published.sort(),
    restated,
    told: new Set(
      along.events
        .filter(({ type }) => type === 'metrics.updated')
        .map(({ connectionId, data }) => `${connectionId} ${data.stream}`),
    ),
  }
}

const scenes: Record<string, (world: TestWorld) => void | Promise<void>> = {
  'the first reading': () => {},
  'a later reading with news': async (world) => {
    await world.runDue()
    world.along.events.length = 0
    await world.clock.sleep(48 * 60 * minute)
    for (const account of ['acc_1', 'acc_2']) {
      world.platform.videos.get(account)!.unshift({ id: `${account}_6`, views: 6 })
      world.platform.followers.set(account, 500)
      // Two days later the day that had 3 plays is the third last, and turns out to have had 4.
      world.platform.plays.set(account, [6, 5, 4, 2, 1])
    }
  },
  'a reading the same day with news on the first page only': async (world) => {
    await world.runDue()
    world.along.events.length = 0
    await world.clock.sleep(minute)
    for (const id of ['con_1', 'con_2']) {
      await world.deps.schedule.wake(environmentId, id, { lane: 'webhook', at: world.clock.now() })
      world.platform.videos.get(id.replace('con', 'acc'))![0]!.views = 50
    }
  },
  'a reading that fails': (world) => {
    let left = 3
    world.platform.spoil = ({ path }) => {
      if (path === '/videos' && left-- > 0) throw new Fault('provider.down')
      return undefined
    }
  },
}

for (const [title, prepare] of Object.entries(scenes))
  test(`F91: ${title}, killed at any point and begun again, ends the same (I14–I17, I29)`, async () => {
    const undisturbed = await openScene(async () => {})
    const expected = await undisturbed.clock.run(async () => {
      await prepare(undisturbed)
      await undisturbed.runDue()
      await runOut(undisturbed)
      return outcome(undisturbed)
    })
    assert.deepEqual([expected.open, expected.held, expected.unread], [0, 0, 0])
    let points = 0
    for (let n = 1, reached = true; reached; n++) {
      for (const when of ['before', 'after'] as const) {
        const world = await openScene(async () => {})
        await world.clock.run(async () => {
          await prepare(world)
          const { deps, state } = dieAt(world.deps, n, when)
          await Promise.race([world.runDue({ deps }).catch(() => {}), world.clock.sleep(10 * minute)])
          reached = state.calls >= n
          state.dead = true
          await runOut(world)
          const { told, ...rest } = await outcome(world)
          const { told: expectedTold, ...expectedRest } = expected
          assert.deepEqual(rest, expectedRest, `killed ${when} call ${n}`)
          assert.deepEqual(told, expectedTold, `killed ${when} call ${n}`)
        })
        points++
      }
    }
    assert.ok(points > 40, `only ${points} points`)
  })

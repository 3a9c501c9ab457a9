import assert from 'node:assert/strict'
import { hour, minute, second } from '@patchbay/kit'
import { tokenRules } from '../../../sandbox/token-rules.ts'
import type { Grants } from '../../ports/grants.ts'
import type { Deps } from '../deps.ts'
import { fails } from '../test-faults.ts'
import { runDueRefreshes } from './refresh-due.ts'
import { connectedStory as story } from './test-stories.ts'
import type { TestWorld, WorldOptions } from './test-world.ts'

const grace = { model: 'rotates', graceMs: 60_000, source: 'made up' } as const

const refreshes = (world: TestWorld) => world.tokenRequests().length - 1
const expire = (world: TestWorld) => world.clock.sleep(hour - 5 * second)

story(
  'F62: a lost answer, within the grace: the same token again after two seconds, and nothing is lost',
  async (world, connection) => {
    await expire(world)
    world.sandbox.weather.add({ kind: 'lose', route: 'POST accounts.tuneful.example/oauth/token', times: 1 })
    await world.call(connection)
    assert.equal(refreshes(world), 2)
    const grant = await world.grantOf(connection)
    assert.deepEqual([grant.generation, grant.state, grant.cause], [2, 'live', null])
    assert.equal((await world.connectionOf(connection)).state, 'pending')
  },
  { auth: { refresh: grace } },
)

story(
  'F62: another process does not ask sooner than the one that lost the answer',
  async (world, connection) => {
    await expire(world)
    world.sandbox.weather.add({ kind: 'lose', route: 'POST accounts.tuneful.example/oauth/token', times: 2 })
    await Promise.allSettled([world.call(connection, 0), world.call(connection, 1), world.call(connection, 2)])
    await world.clock.sleep(20 * second)
    const times = world
      .tokenRequests()
      .slice(1)
      .map(({ at }) => at)
    assert.equal(times.length, 3)
    assert.ok(times[1]! - times[0]! >= 2 * second && times[2]! - times[1]! >= 2 * second, times.join())
    assert.equal((await world.grantOf(connection)).generation, 2)
  },
  { auth: { refresh: grace }, engines: 3 },
)

story(
  'where a refresh token stays the same, a lost answer is not why a later one is refused',
  async (world, connection) => {
    await expire(world)
    const { artist } = world.sandbox.grants.list()[0]!
    world.sandbox.weather.add({ kind: 'lose', route: 'POST accounts.tuneful.example/oauth/token', times: 1 })
    const calling = world.call(connection)
    await world.clock.sleep(second)
    world.sandbox.meddle(connection.provider, artist!, 'revoke')
    await fails(calling, 'connection.expired', 'connection.refreshing')
    await world.clock.sleep(minute)
    const { state, reason } = await world.connectionOf(connection)
    assert.deepEqual([state, reason], ['needs_reauth', 'refresh_refused'])
  },
  { auth: { refresh: { model: 'keeps' } } },
)

story(
  'F62: a process that died while it asked has lost its answer too',
  async (world, connection) => {
    await expire(world)
    const { id, environmentId, generation, refresh } = await world.grantOf(connection)
    const now = world.clock.now()
    const lease = { generation, leaseId: 'lse_of_the_dead', now, until: now + 75 * second }
    assert.ok(await world.stores.grants.lease(environmentId, id, lease))
    await world.vault.open(environmentId, { row: id, field: 'refresh', generation }, refresh!, (secret) =>
      world.sandbox.grants.refresh(secret.reveal(), tokenRules(world.provider), now),
    )
    await world.clock.sleep(76 * second)
    await fails(world.call(connection), 'connection.refreshing', 'connection.expired')
    await world.clock.sleep(minute)
    const after = await world.connectionOf(connection)
    assert.deepEqual([after.state, after.reason], ['needs_reauth', 'lost_response'])
  },
  { violations: 1 },
)

story(
  'F62: a lost answer without grace: needs a person, with the cause, told once',
  async (world, connection) => {
    await expire(world)
    world.sandbox.weather.add({ kind: 'lose', route: 'POST accounts.tuneful.example/oauth/token', times: 1 })
    const calls = Array.from({ length: 20 }, (_, n) => world.call(connection, n % 2))
    for (const { status } of await Promise.allSettled(calls)) assert.equal(status, 'rejected')
    await world.clock.sleep(minute)
    await fails(world.call(connection), 'connection.expired')
    const after = await world.connectionOf(connection)
    assert.deepEqual([after.state, after.reason], ['needs_reauth', 'lost_response'])
    assert.deepEqual((await world.grantOf(connection)).state, 'dead')
    assert.notEqual((await world.grantOf(connection)).refresh, null, 'a token is never deleted')
    assert.deepEqual(world.openTasks(), ['reconnect'])
    assert.equal(world.events().filter((type) => type === 'connection.needs_reauth').length, 1)
    const slots = await world.stores.schedule.of(world.environment.id, [connection.id])
    assert.ok(slots.every(({ blocked }) => blocked === 'needs_reauth'))

    const again = await world.connectAccount({ reconnect: connection.id })
    assert.deepEqual([again.connection.id, again.connection.state], [connection.id, 'healthy'])
    assert.deepEqual(world.openTasks(), [])
    await world.call(again.connection)
  },
  // The second presentation is the one that the platform calls a theft: without grace nobody can know.
  { engines: 2, violations: 1 },
)

/** Stores that answer with what was there a moment ago, as those of a busy process do. */
const lateReads: WorldOptions['wrap'] = ({ grants, clock, random }) => ({
  grants: {
    ...grants,
    read: async (...which) => {
      const grant = await grants.read(...which)
      await clock.sleep(random.unit() * 400)
      return grant
    },
  },
})

for (const seed of ['one', 'two', 'three', 'four', 'five', 'six'])
  story(
    `F62: who read before the answer was lost, and asks after that, neither hurries nor forgets it (${seed})`,
    async (world, connection) => {
      await expire(world)
      world.sandbox.weather.add({ kind: 'lose', route: 'POST accounts.tuneful.example/oauth/token', times: 1 })
      await Promise.allSettled(Array.from({ length: 40 }, (_, n) => world.call(connection, n % 4)))
      await world.clock.sleep(minute)
      await fails(world.call(connection), 'connection.expired')
      const [, lost, again] = world.tokenRequests()
      assert.ok(again!.at - lost!.at >= 2 * second, `asked again after ${again!.at - lost!.at} ms`)
      assert.equal((await world.connectionOf(connection)).reason, 'lost_response')
      assert.deepEqual(world.openTasks(), ['reconnect'])
    },
    { engines: 4, seed, violations: 1, wrap: lateReads },
  )

story('a request that never arrives is repeated after 2, 10 and 30 s, then every minute', async (world, connection) => {
  await expire(world)
  world.sandbox.weather.add({ kind: 'drop', route: 'POST accounts.tuneful.example/oauth/token', times: 4 })
  await fails(world.call(connection), 'connection.refreshing')
  await world.clock.sleep(50 * second)
  const grant = await world.grantOf(connection)
  assert.deepEqual([grant.state, grant.cause, grant.generation], ['unknown', 'lost_response', 1])
  assert.equal((await world.connectionOf(connection)).state, 'pending')
  await world.clock.sleep(minute)
  await runDueRefreshes(world.deps, world.credentials)
  assert.equal((await world.grantOf(connection)).generation, 2)
  const times = world
    .tokenRequests()
    .slice(1)
    .map(({ at }) => at)
  const gaps = times.slice(1).map((at, n) => Math.round((at - times[n]!) / 1000))
  assert.deepEqual(gaps.slice(0, 3), [2, 10, 30])
  await world.call(connection)
})

/** Grants whose commit goes wrong so many times; `kept`: the row is written all the same. */
const failingCommits = (times: number, kept: boolean): WorldOptions => ({
  auth: { refresh: { model: 'rotates', graceMs: 0, source: 'made up' } },
  wrap: ({ grants }) => {
    let left = times
    const commit: Grants['commit'] = async (...rest) => {
      if (left-- <= 0) return grants.commit(...rest)
      if (kept) await grants.commit(...rest)
      throw new Error('connection lost while committing')
    }
    return { grants: { ...grants, commit } }
  },
})

story(
  'F79: commit unknown and not done: the tokens in memory are written again, and were not used before',
  async (world, connection) => {
    await expire(world)
    await world.call(connection)
    assert.equal(refreshes(world), 1)
    assert.equal((await world.grantOf(connection)).generation, 2)
    await expire(world)
    await world.call(connection)
  },
  failingCommits(3, false),
)

story(
  'F79: commit unknown and done: it is found, and nothing is written twice',
  async (world, connection) => {
    await expire(world)
    await world.call(connection)
    assert.equal(refreshes(world), 1)
    assert.equal((await world.grantOf(connection)).generation, 2)
    assert.equal(world.events().filter((type) => type === 'grant.refreshed').length, 1)
    assert.doesNotMatch(world.log.text(), /commit_late/)
  },
  failingCommits(1, true),
)

/** What whoever is the first to commit does before; the others commit at once. */
const beforeFirstCommit = (
  refresh: NonNullable<WorldOptions['auth']>['refresh'],
  happens: (clock: Deps['clock']) => Promise<void>,
): WorldOptions => {
  let happened = false
  return {
    engines: 2,
    auth: { refresh },
    wrap: ({ grants, clock }) => ({
      grants: {
        ...grants,
        commit: async (...rest) => {
          const isFirst = !happened
          happened = true
          if (isFirst) await happens(clock)
          return grants.commit(...rest)
        },
      },
    }),
  }
}

/** A process that dies between the token endpoint's answer and the commit: from there on it never does anything again. */
const dyingAtCommit = (refresh: NonNullable<WorldOptions['auth']>['refresh']) =>
  beforeFirstCommit(refresh, () => new Promise(() => {}))

story(
  'a process dies between the answer and the commit: within the grace another one mends it',
  async (world, connection) => {
    await expire(world)
    await fails(world.call(connection, 0), 'connection.refreshing')
    await world.clock.sleep(71 * second)
    await world.call(connection, 1)
    assert.equal(refreshes(world), 2)
    assert.equal((await world.grantOf(connection)).generation, 2)
  },
  dyingAtCommit({ model: 'rotates', graceMs: 120_000, source: 'made up' }),
)

story(
  'a process dies between the answer and the commit: without grace a person is needed',
  async (world, connection) => {
    await expire(world)
    await fails(world.call(connection, 0), 'connection.refreshing')
    await world.clock.sleep(71 * second)
    await fails(world.call(connection, 1), 'connection.refreshing', 'connection.expired')
    await world.clock.sleep(minute)
    const after = await world.connectionOf(connection)
    assert.deepEqual([after.state, after.reason], ['needs_reauth', 'lost_response'])
    assert.deepEqual(world.openTasks(), ['reconnect'])
  },
  { ...dyingAtCommit({ model: 'rotates', graceMs: 0, source: 'made up' }), violations: 1 },
)

story(
  'F93: a late winner whose lease ran out still stores good tokens',
  async (world, connection) => {
    // Nobody else asks while the first answer is on its way, so its tokens are the good ones.
    await expire(world)
    await fails(world.call(connection), 'connection.refreshing')
    await world.clock.sleep(2 * minute)
    assert.equal((await world.grantOf(connection)).generation, 2)
    await world.call(connection)
    assert.equal(refreshes(world), 1)
  },
  {
    wrap: (deps) => ({
      grants: {
        ...deps.grants,
        commit: async (...rest) => {
          await deps.clock.sleep(90 * second)
          return deps.grants.commit(...rest)
        },
      },
    }),
  },
)

story(
  'a late winner leaves its lease to whoever asks by then, so that nobody asks beside them',
  async (world, connection) => {
    await expire(world)
    await fails(world.call(connection, 0), 'connection.refreshing')
    await world.clock.sleep(75 * second)
    world.sandbox.weather.add({ kind: 'delay', ms: 40 * second, route: 'POST accounts.tuneful.example/oauth/token' })
    await fails(world.call(connection, 1), 'connection.refreshing')
    const asking = await world.grantOf(connection)
    assert.equal(asking.generation, 1)
    await world.clock.sleep(20 * second)
    const stored = await world.grantOf(connection)
    assert.deepEqual([stored.generation, stored.leaseId], [2, asking.leaseId])
    await world.clock.sleep(minute)
    const after = await world.grantOf(connection)
    assert.deepEqual([after.generation, after.state, after.leaseId], [2, 'live', null])
    assert.equal(refreshes(world), 2)
  },
  beforeFirstCommit({ model: 'keeps' }, (clock) => clock.sleep(90 * second)),
)

import assert from 'node:assert/strict'
import { hour, isFault, minute, second } from '@patchbay/kit'
import { openDatabaseClock } from '../../drivers/clock/database-clock.ts'
import type { Connection } from '../../ports/connections.ts'
import { fails } from '../test-faults.ts'
import { runDueRefreshes } from './refresh-due.ts'
import { connectedStory as story } from './test-stories.ts'
import type { TestWorld, WorldOptions } from './test-world.ts'

const refreshes = (world: TestWorld) => world.tokenRequests().length - 1
const expire = (world: TestWorld) => world.clock.sleep(hour - 5 * second)
const many = (world: TestWorld, connection: Connection, engines: number, calls: number) =>
  Promise.all(Array.from({ length: engines * calls }, (_, n) => world.call(connection, n % engines)))

story(
  'T71: four processes, 50 calls each at expiry, a strict platform: one token request',
  async (world, connection) => {
    await expire(world)
    const answers = await many(world, connection, 4, 50)
    assert.equal(answers.length, 200)
    assert.equal(refreshes(world), 1)
    assert.equal((await world.grantOf(connection)).generation, 2)
  },
  { engines: 4 },
)

/** Each process on a machine whose clock is hours from the others', as it is before anybody compares them. */
const hoursApart = (): WorldOptions['wrap'] => {
  let opened = 0
  return ({ clock, log }) => {
    const aheadMs = [0, hour, -hour, 3 * hour][opened++ % 4]!
    const machine = { wall: () => clock.now() + aheadMs, monotonic: () => clock.now() }
    const shared = openDatabaseClock(async () => clock.now(), { log, machine })
    void shared.measure()
    return { clock: { now: shared.now, sleep: clock.sleep.bind(clock) } }
  }
}

story(
  'F88: four processes on machines whose clocks are hours apart: nobody takes another’s lease for over',
  async (world, connection) => {
    await world.clock.sleep(hour - 2 * second)
    const route = 'POST accounts.tuneful.example/oauth/token'
    world.sandbox.weather.add({ kind: 'delay', ms: 50 * second, route })
    await world.clock.sleep(3 * second)
    const first = world.call(connection, 0)
    await world.clock.sleep(second)
    const others = Array.from({ length: 30 }, (_, n) => world.call(connection, 1 + (n % 3)))
    for (const { status } of await Promise.allSettled([first, ...others])) assert.equal(status, 'rejected')
    await world.clock.sleep(50 * second)
    await many(world, connection, 4, 5)
    assert.equal(refreshes(world), 1)
    assert.equal((await world.grantOf(connection)).state, 'live')
  },
  { engines: 4, wrap: hoursApart() },
)

for (const seconds of [25, 55])
  story(
    `a token answer that takes ${seconds} s: callers are told to come back, nobody asks twice, the tokens are stored`,
    async (world, connection) => {
      await world.clock.sleep(hour - 2 * second)
      world.sandbox.weather.add({
        kind: 'delay',
        ms: seconds * second,
        route: 'POST accounts.tuneful.example/oauth/token',
      })
      await world.clock.sleep(3 * second)
      const started = world.clock.now()
      const tries = Array.from({ length: 40 }, (_, n) => world.call(connection, n % 4))
      for (const outcome of await Promise.allSettled(tries)) {
        assert.equal(outcome.status, 'rejected')
        assert.ok(isFault(outcome.status === 'rejected' && outcome.reason, 'connection.refreshing'))
      }
      assert.ok(world.clock.now() - started <= 6 * second)
      await world.clock.sleep(seconds * second)
      await many(world, connection, 4, 5)
      assert.equal(refreshes(world), 1)
      assert.equal((await world.grantOf(connection)).state, 'live')
    },
    { engines: 4 },
  )

story('in the background, while everybody goes on with the old token', async (world, connection) => {
  await world.clock.sleep(49 * minute)
  world.sandbox.weather.add({ kind: 'delay', ms: 20 * second, route: 'POST accounts.tuneful.example/oauth/token' })
  const started = world.clock.now()
  await many(world, connection, 1, 10)
  assert.equal(world.clock.now(), started, 'nobody waited')
  await world.clock.sleep(21 * second)
  assert.equal(refreshes(world), 1)
  assert.equal((await world.grantOf(connection)).generation, 2)
  await world.call(connection)
})

story('by schedule, without any call', async (world, connection) => {
  for (let hours = 0; hours < 5; hours++) {
    await world.clock.sleep(50 * minute)
    await runDueRefreshes(world.deps, world.credentials)
  }
  assert.equal((await world.grantOf(connection)).generation, 6)
  assert.equal(await runDueRefreshes(world.deps, world.credentials), 0)
  await world.call(connection)
})

story('a token that is still valid is used while the token endpoint is down', async (world, connection) => {
  await world.clock.sleep(50 * minute)
  world.sandbox.weather.add({ kind: 'outage', route: 'POST accounts.tuneful.example/oauth/token' })
  for (let n = 0; n < 9; n++) {
    await world.call(connection)
    await world.clock.sleep(minute)
  }
  await world.clock.sleep(45 * second)
  await world.call(connection)
  assert.ok(refreshes(world) <= 12, `${refreshes(world)} requests`)
  await world.clock.sleep(30 * second)
  await fails(world.call(connection), 'connection.refreshing')
  const integration = await world.stores.directory.integration(world.environment.id, world.integrationId)
  assert.equal(integration!.incident?.code, 'provider.down')
  assert.equal((await world.connectionOf(connection)).state, 'pending', 'an outage is nobody’s fault')
  assert.equal(world.events().filter((type) => type === 'integration.incident').length, 1)

  world.sandbox.weather.clear()
  await world.clock.sleep(5 * minute)
  await world.call(connection)
  const mended = await world.stores.directory.integration(world.environment.id, world.integrationId)
  assert.equal(mended!.incident, null)
})

story(
  'two processes: a token that is still valid is used while the token endpoint is down, and nothing is said to be broken',
  async (world, connection) => {
    await world.clock.sleep(45 * minute)
    world.sandbox.weather.add({ kind: 'outage', route: 'POST accounts.tuneful.example/oauth/token' })
    const end = world.clock.now() + 14 * minute
    for (let turn = 0; world.clock.now() < end; turn++) {
      await Promise.all([world.call(connection, 0), world.call(connection, 1)])
      if (turn % 4 === 0)
        await runDueRefreshes(world.engines[(turn / 4) % 2]!.deps, world.engines[(turn / 4) % 2]!.credentials)
      await world.clock.sleep(15 * second)
    }
    const { state, reason } = await world.connectionOf(connection)
    assert.deepEqual([state, reason, world.openTasks()], ['pending', null, []])
    assert.equal((await world.grantOf(connection)).state, 'live')
    const told = world.events().filter((type) => !type.startsWith('integration.') && type !== 'connection.created')
    assert.deepEqual(told, [])
    assert.equal(world.events().filter((type) => type === 'integration.incident').length, 1)

    world.sandbox.weather.clear()
    await world.clock.sleep(6 * minute)
    await Promise.all([world.call(connection, 0), world.call(connection, 1)])
    assert.equal((await world.grantOf(connection)).generation, 2)
    assert.ok(world.events().includes('integration.recovered'))
  },
  { engines: 2 },
)

story('the owner takes access back: asked twice, then a person is needed', async (world, connection) => {
  await world.clock.sleep(10 * minute)
  world.sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
  await fails(world.call(connection), 'connection.expired', 'connection.refreshing')
  await world.clock.sleep(10 * second)
  await fails(world.call(connection), 'connection.expired')
  assert.equal(refreshes(world), 2)
  const after = await world.connectionOf(connection)
  assert.deepEqual([after.state, after.reason], ['needs_reauth', 'refresh_refused'])
  assert.match(world.connect.reasonSays(after)!, /connect again/)
})

story('an app that is refused is an incident, once, and no connection hears of it', async (world, connection) => {
  const others = await Promise.all([1, 2, 3].map((artist) => world.connectAccount({ artist, profile: `p${artist}` })))
  const all = [connection, ...others.map((one) => one.connection)]
  const app = world.sandbox.apps.first('tuneful')
  world.sandbox.apps.register({ ...app, clientSecret: 'rotated elsewhere' })
  await world.clock.sleep(2 * hour)
  const before = world.tokenRequests().length
  for (let n = 0; n < 10; n++)
    for (const one of all) await fails(world.call(one), 'setup.credentials', 'connection.refreshing')
  assert.ok(world.tokenRequests().length - before <= 2, 'the circuit holds the others back')
  for (const one of all) {
    assert.equal((await world.connectionOf(one)).state, 'pending')
    assert.equal((await world.grantOf(one)).state, 'live')
  }
  assert.equal(world.events().filter((type) => type === 'integration.incident').length, 1)
  assert.deepEqual(world.openTasks(), ['set_up'])
  // The operator puts the right secret in: no need to wait for the circuit.
  const { startIntegrations } = await import('./start-integrations.ts')
  const apps = { tuneful: { clientId: app.clientId, clientSecret: 'rotated elsewhere', settings: app.settings } }
  await startIntegrations(world.deps, world.setting, world.vault, world.environment, apps)
  for (const one of all) await world.call(one)
  assert.deepEqual(world.openTasks(), [])
})

story(
  'a refresh token that stays is kept when the answer has none',
  async (world, connection) => {
    for (let n = 0; n < 3; n++) {
      await expire(world)
      await world.call(connection)
    }
    const grant = await world.grantOf(connection)
    assert.deepEqual([grant.generation, grant.previousRefresh], [4, null])
  },
  { auth: { refresh: { model: 'keeps' } } },
)

story('a rotated one is kept as the previous until the new one was used', async (world, connection) => {
  const reveal = (grant: { id: string; generation: number }, field: string, sealed: string | null) =>
    world.vault.open(world.environment.id, { row: grant.id, field, generation: grant.generation }, sealed!, (secret) =>
      secret.reveal(),
    )
  let grant = await world.grantOf(connection)
  for (let n = 0; n < 3; n++) {
    const used = await reveal(grant, 'refresh', grant.refresh)
    await expire(world)
    await world.call(connection)
    grant = await world.grantOf(connection)
    assert.equal(await reveal(grant, 'previousRefresh', grant.previousRefresh), used)
    assert.notEqual(await reveal(grant, 'refresh', grant.refresh), used)
  }
})

const extending: WorldOptions = {
  auth: {
    refresh: {
      model: 'extends',
      request: {
        method: 'GET',
        url: 'https://accounts.tuneful.example/oauth/extend',
        params: { grant_type: 'extend', access_token: '{accessToken}', client_secret: '{clientSecret}' },
      },
      minAgeMs: 24 * hour,
      refreshAfterMs: 30 * 24 * hour,
      source: 'made up',
    },
  },
  emulator: { oauth: { accessLifetimeSeconds: 60 * 86_400 } },
}

story(
  'a token that is extended lives on, before its end and after its age',
  async (world, connection) => {
    assert.equal((await world.grantOf(connection)).refresh, null)
    for (let n = 0; n < 4; n++) {
      await world.clock.sleep(31 * 24 * hour)
      assert.equal(await runDueRefreshes(world.deps, world.credentials), 1)
    }
    assert.equal((await world.grantOf(connection)).generation, 5)
    await world.call(connection)
    await world.clock.sleep(61 * 24 * hour)
    await fails(world.call(connection), 'connection.expired')
    const after = await world.connectionOf(connection)
    assert.deepEqual([after.state, after.reason], ['needs_reauth', 'expired'])
  },
  extending,
)

story(
  'a token that runs out while its extension is on its way is not given up for that',
  async (world, connection) => {
    await world.clock.sleep(60 * 24 * hour - 10 * second)
    world.sandbox.weather.add({ kind: 'delay', ms: 40 * second, route: 'GET accounts.tuneful.example/oauth/extend' })
    const extension = runDueRefreshes(world.deps, world.credentials)
    await world.clock.sleep(15 * second)
    await fails(world.call(connection), 'connection.expired')
    assert.deepEqual([(await world.connectionOf(connection)).state, world.openTasks()], ['pending', []])
    await extension
    assert.equal((await world.grantOf(connection)).generation, 2)
    await world.call(connection)
  },
  extending,
)

story('a grant whose connections were never made is given back, not renewed for ever', async (world, connection) => {
  const change = { from: ['pending'], to: 'disconnected', reason: null } as const
  await world.stores.connections.move(world.environment.id, connection.id, change, { at: 0, actor: 'system' })
  await world.startJobs()
  await world.clock.sleep(hour)
  await runDueRefreshes(world.deps, world.credentials)
  await world.clock.sleep(10 * minute)
  assert.equal((await world.grantOf(connection)).state, 'revoked')
  assert.equal(world.sandbox.grants.list()[0]!.ended?.why, 'app')
})

story('F92: stopping waits for a refresh that is under way', async (world, connection) => {
  await expire(world)
  world.sandbox.weather.add({ kind: 'delay', ms: 30 * second, route: 'POST accounts.tuneful.example/oauth/token' })
  await world.clock.sleep(10 * second)
  await fails(world.call(connection), 'connection.refreshing')
  await world.credentials.stop()
  assert.equal((await world.grantOf(connection)).generation, 2)
})

story(
  'stopping does not wait for what another process asked for: that one may be dead',
  async (world, connection) => {
    await expire(world)
    world.sandbox.weather.add({ kind: 'delay', ms: 50 * second, route: 'POST accounts.tuneful.example/oauth/token' })
    await world.clock.sleep(10 * second)
    await fails(world.call(connection, 1), 'connection.refreshing')
    await fails(world.call(connection, 0), 'connection.refreshing')
    const startedAt = world.clock.now()
    await world.engines[0]!.credentials.stop()
    assert.ok(world.clock.now() - startedAt <= 2 * second, `${world.clock.now() - startedAt} ms`)
    await world.engines[1]!.credentials.stop()
    assert.equal((await world.grantOf(connection)).generation, 2)
  },
  { engines: 2 },
)

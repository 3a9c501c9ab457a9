import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, minute, second } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { WireResponse } from '../../ports/network.ts'
import { fails } from '../test-faults.ts'
import { openTestWorld, type TestWorld, type WorldOptions } from './test-world.ts'

/** `refuse` says for a path whether the platform answers 401 to it, whatever the token. */
interface Weather {
  refuse: (path: string) => boolean
}

const story = (
  title: string,
  tell: (world: TestWorld & { weather: Weather }, connection: Connection) => Promise<void>,
  options: WorldOptions = {},
) =>
  test(title, async () => {
    const weather: Weather = { refuse: () => false }
    const world = await openTestWorld({
      network: (sandbox) => ({
        send: async (request, signal) =>
          weather.refuse(new URL(request.url).pathname) ? unauthorized() : sandbox.send(request, signal),
      }),
      ...options,
    })
    await world.run(async () => tell({ ...world, weather }, (await world.connectAccount()).connection))
    assert.deepEqual(world.sandbox.ledger.violations, [])
  })

/** The second process has a clock that is a second behind that of the first. */
function secondIsBehind(): WorldOptions['wrap'] {
  let opened = 0
  return ({ clock }) =>
    opened++ === 1 ? { clock: { now: () => clock.now() - second, sleep: clock.sleep.bind(clock) } } : {}
}

const unauthorized = (): WireResponse => ({
  status: 401,
  headers: {},
  body: (async function* () {
    yield Buffer.from('{}')
  })(),
})

const refreshes = (world: TestWorld) => world.tokenRequests().length - 1

story(
  'F26: a token that ended early is renewed once for everybody, and every call goes through',
  async (world, connection) => {
    await world.clock.sleep(10 * minute)
    world.sandbox.meddle('tuneful', world.artists[0]!.key, 'expire')
    await Promise.all(Array.from({ length: 30 }, () => world.call(connection)))
    assert.equal(refreshes(world), 1)
  },
)

story('a refusal of a token that was replaced meanwhile renews nothing', async (world, connection) => {
  const { generation } = await world.grantOf(connection)
  await world.clock.sleep(hour)
  await world.call(connection)
  await world.clock.sleep(2 * minute)
  assert.equal(refreshes(world), 1)
  const target = await world.targetOf(connection)
  assert.equal(await world.credentials.refused(target, 'account', generation), 'retry')
  assert.equal(refreshes(world), 1)
})

story(
  'F26: the same in four processes',
  async (world, connection) => {
    await world.clock.sleep(10 * minute)
    world.sandbox.meddle('tuneful', world.artists[0]!.key, 'expire')
    await Promise.all(Array.from({ length: 40 }, (_, n) => world.call(connection, n % 4)))
    assert.equal(refreshes(world), 1)
  },
  { engines: 4 },
)

story('F27: a fresh token that is not known everywhere yet is tried again, not renewed', async (world, connection) => {
  let left = 1
  world.weather.refuse = (path) => path === '/v1/me' && left-- > 0
  const started = world.clock.now()
  await world.call(connection)
  const waitedMs = world.clock.now() - started
  assert.ok(waitedMs >= 2 * second && waitedMs <= 5 * second, `${waitedMs}`)
  assert.equal(refreshes(world), 0)
})

story(
  'F27: so is one that another process renewed a moment ago, whose clock is a second ahead',
  async (world, connection) => {
    let left = 1
    world.weather.refuse = () => left-- > 0
    await world.call(connection, 1)
    assert.equal((await world.connectionOf(connection)).state, 'pending')
  },
  { auth: { refresh: { model: 'none' } }, engines: 2, wrap: secondIsBehind() },
)

story(
  'one place that refuses everybody does not end the connection, nor is it asked for tokens again and again',
  async (world, connection) => {
    world.weather.refuse = (path) => path === '/v1/fans'
    for (let n = 0; n < 12; n++) {
      await world.clock.sleep(30 * minute)
      for (let again = 0; again < 3; again++) {
        await fails(world.call(connection, 0, '/fans'), 'connection.expired')
        await world.clock.sleep(minute)
      }
      await world.call(connection)
    }
    assert.equal((await world.connectionOf(connection)).state, 'pending')
    const hourly = 6
    assert.ok(refreshes(world) <= hourly + 2, `${refreshes(world)} refreshes in six hours`)
    const probes = world.sandbox.ledger.entries.filter(({ route }) => route?.endsWith('/v1/me')).length - 13
    assert.ok(probes <= hourly, `${probes} light calls in six hours`)
    assert.deepEqual(world.openTasks(), [])
  },
)

story(
  'everything is refused while the token endpoint works: no person is asked, no storm',
  async (world, connection) => {
    world.weather.refuse = (path) => path.startsWith('/v1/')
    for (let n = 0; n < 20; n++) {
      await world.clock.sleep(10 * minute)
      await fails(world.call(connection), 'connection.expired', 'connection.refreshing')
    }
    assert.notEqual((await world.connectionOf(connection)).state, 'needs_reauth')
    assert.ok(refreshes(world) <= 30, `${refreshes(world)} refreshes in 200 minutes`)
    world.weather.refuse = () => false
    await world.clock.sleep(10 * minute)
    await world.call(connection)
  },
)

story(
  'a token that nothing can renew ends by two refusals, and not by one',
  async (world, connection) => {
    await world.clock.sleep(hour)
    let left = 1
    world.weather.refuse = (path) => path === '/v1/me' && left-- > 0
    await fails(world.call(connection), 'connection.expired')
    assert.equal((await world.connectionOf(connection)).state, 'pending', 'the light call worked')
    await world.clock.sleep(2 * hour)
    await world.call(connection)

    world.sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
    await Promise.allSettled(Array.from({ length: 10 }, () => world.call(connection)))
    const after = await world.connectionOf(connection)
    assert.deepEqual([after.state, after.reason], ['needs_reauth', 'revoked'])
    assert.deepEqual(world.openTasks(), ['reconnect'])
    await fails(world.call(connection), 'connection.revoked')
  },
  { auth: { refresh: { model: 'none' } } },
)

story(
  'an outage while it is found out ends nothing',
  async (world, connection) => {
    await world.clock.sleep(hour)
    let first = true
    world.weather.refuse = () => {
      if (!first) world.sandbox.weather.add({ kind: 'outage', provider: 'tuneful' })
      const refuse = first
      first = false
      return refuse
    }
    await fails(world.call(connection), 'connection.expired')
    assert.equal((await world.connectionOf(connection)).state, 'pending')
  },
  { auth: { refresh: { model: 'none' } } },
)

story(
  'the app’s own token is kept, renewed before its end, and replaced when it is refused',
  async (world, connection) => {
    const target = { ...(await world.targetOf(connection)), connection: null, grantId: null }
    const call = () => world.gateway.call(target, { path: `/artists/${world.artists[1]!.key}`, as: 'app' })
    await Promise.all(Array.from({ length: 20 }, call))
    assert.equal(refreshes(world), 1)
    await world.clock.sleep(hour - 20 * second)
    await call()
    assert.equal(refreshes(world), 2)
    let left = 1
    await world.clock.sleep(minute)
    world.weather.refuse = (path) => path.startsWith('/v1/artists') && left-- > 0
    await call()
    assert.equal(refreshes(world), 3)
    world.weather.refuse = (path) => path.startsWith('/v1/artists')
    await assert.rejects(call())
    const integration = await world.stores.directory.integration(world.environment.id, world.integrationId)
    assert.equal(integration!.incident?.code, 'setup.credentials')
    assert.equal((await world.connectionOf(connection)).state, 'pending')
  },
)

story(
  'without a credential of the app the account’s own is used, and without an account it is said what is missing',
  async (world, connection) => {
    const target = await world.targetOf(connection)
    const request = { path: '/me', as: 'app' } as const
    await world.gateway.call(target, request)
    await fails(world.gateway.call({ ...target, grantId: null, connection: null }, request), 'setup.credentials')
  },
  { auth: { app: undefined } },
)

import assert from 'node:assert/strict'
import { hour, minute, second } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import { fails } from '../test-faults.ts'
import { connectedStory as story } from './test-stories.ts'
import type { TestWorld } from './test-world.ts'

const blocked = async (world: TestWorld, { id }: Connection) =>
  (await world.stores.schedule.of(world.environment.id, [id])).map((slot) => slot.blocked)

story('I04: after a disconnect no token is sent, and the provider has taken it back', async (world, connection) => {
  const { connect, environment } = world
  await connect.disconnect(environment, connection.id, 'key:key_1')
  const after = await world.connectionOf(connection)
  assert.deepEqual([after.state, after.reason], ['disconnected', 'disconnected'])
  const grant = await world.grantOf(connection)
  assert.deepEqual([grant.state, grant.access, grant.refresh], ['revoked', null, null])
  assert.equal(world.sandbox.grants.list()[0]!.ended?.why, 'app')
  const requests = world.sandbox.ledger.entries.length
  for (let n = 0; n < 5; n++) await fails(world.call(connection), 'connection.inactive')
  assert.equal(world.sandbox.ledger.entries.length, requests)
  assert.deepEqual(await blocked(world, connection), ['disconnected', 'disconnected'])
  assert.ok(world.events().includes('connection.disconnected'))
  await connect.disconnect(environment, connection.id, 'key:key_1')
  assert.equal(world.events().filter((type) => type === 'connection.disconnected').length, 1)
  for (const act of [connect.pause, connect.resume])
    await fails(act(environment, connection.id, 'key:key_1'), 'input.conflict')
  await fails(connect.createReconnectSession(environment, connection.id, {}), 'input.conflict')
  // The same account may be connected anew.
  assert.notEqual((await world.connectAccount()).connection.id, connection.id)
})

for (const [what, ends] of [
  ['disconnected', (world: TestWorld, id: string) => world.connect.disconnect(world.environment, id, 'key:key_1')],
  ['paused', (world: TestWorld, id: string) => world.connect.pause(world.environment, id, 'key:key_1')],
] as const)
  story(
    `I04: when it is said to be ${what}, no other process sends its token any more`,
    async (world, connection) => {
      const other = world.engines[1]!.recent
      // The other process calls all the time, so that what it remembers is as fresh as can be.
      let stopped = false
      const calling = (async () => {
        while (!stopped) {
          await world.call(connection, 1).catch(() => {})
          await world.clock.sleep(100)
        }
      })()
      await world.clock.sleep(second)
      assert.equal((await other.connection(world.environment.id, connection.id))?.state, 'pending')
      await ends(world, connection.id)
      assert.equal((await other.connection(world.environment.id, connection.id))?.state, what)
      const requests = world.sandbox.ledger.entries.length
      await fails(world.call(connection, 1), 'connection.inactive')
      await world.clock.sleep(second)
      assert.equal(world.sandbox.ledger.entries.length, requests)
      stopped = true
      await calling
    },
    { engines: 2 },
  )

story('a grant that another connection uses is left alone', async (world, connection) => {
  const { connection: other } = await world.connectAccount({ profile: 'label' })
  await world.connect.disconnect(world.environment, connection.id, 'user:u')
  await world.call(other)
  await fails(world.call(connection), 'connection.inactive')
  await world.connect.disconnect(world.environment, other.id, 'user:u')
  assert.equal((await world.grantOf(other)).state, 'revoked')
})

story('while the provider is away it is disconnected here at once, and given back later', async (world, connection) => {
  await world.startJobs()
  world.sandbox.weather.add({ kind: 'outage', route: 'POST accounts.tuneful.example/oauth/revoke' })
  await world.connect.disconnect(world.environment, connection.id, 'user:u')
  assert.equal((await world.connectionOf(connection)).state, 'disconnected')
  assert.equal((await world.grantOf(connection)).state, 'live')
  await fails(world.call(connection), 'connection.inactive')
  await world.clock.sleep(10 * minute)
  world.sandbox.weather.clear()
  await world.clock.sleep(2 * hour)
  assert.equal((await world.grantOf(connection)).state, 'revoked')
  assert.equal(world.sandbox.grants.list()[0]!.ended?.why, 'app')
})

story('a provider that never answers again: the tokens are forgotten in the end', async (world, connection) => {
  await world.startJobs()
  world.sandbox.weather.add({ kind: 'outage', route: 'POST accounts.tuneful.example/oauth/revoke' })
  await world.connect.disconnect(world.environment, connection.id, 'user:u')
  await world.clock.sleep(5 * 24 * hour)
  const grant = await world.grantOf(connection)
  assert.deepEqual([grant.state, grant.refresh], ['revoked', null])
})

story('the app is not set up any more: the tokens are forgotten in the end, too', async (world, connection) => {
  await world.startJobs()
  world.sandbox.weather.add({ kind: 'outage', route: 'POST accounts.tuneful.example/oauth/revoke' })
  await world.connect.disconnect(world.environment, connection.id, 'user:u')
  const { directory } = world.deps
  const integration = (await directory.integration(world.environment.id, connection.integrationId))!
  await directory.saveIntegration({ ...integration, clientId: null }, { at: world.clock.now(), actor: 'user:u' })
  await world.clock.sleep(5 * 24 * hour)
  const grant = await world.grantOf(connection)
  assert.deepEqual([grant.state, grant.refresh], ['revoked', null])
})

story(
  'a process that dies in the middle leaves a job behind',
  async (world, connection) => {
    await world.startJobs()
    void world.connect.disconnect(world.environment, connection.id, 'user:u')
    await world.clock.sleep(3 * minute)
    assert.equal((await world.grantOf(connection)).state, 'revoked')
  },
  {
    wrap: (deps) => {
      let died = false
      return {
        grants: {
          ...deps.grants,
          read: async (...rest) => {
            const grant = await deps.grants.read(...rest)
            const [connection] = await deps.connections.list('env_test', { limit: 1, state: 'disconnected' })
            if (died || !connection) return grant
            died = true
            return new Promise(() => {})
          },
        },
      }
    },
  },
)

story('disconnecting while new tokens are on their way: they are given back too', async (world, connection) => {
  await world.startJobs()
  await world.clock.sleep(hour - 5 * second)
  world.sandbox.weather.add({ kind: 'delay', ms: 20 * second, route: 'POST accounts.tuneful.example/oauth/token' })
  await fails(world.call(connection), 'connection.refreshing')
  await world.connect.disconnect(world.environment, connection.id, 'user:u')
  await fails(world.call(connection), 'connection.inactive')
  await world.clock.sleep(10 * minute)
  assert.equal((await world.grantOf(connection)).state, 'revoked')
  assert.ok(world.sandbox.grants.list().every(({ ended }) => ended?.why === 'app'))
})

story(
  'new tokens that come when all is over are given back by whoever got them',
  async (world, connection) => {
    await world.clock.sleep(hour - 5 * second)
    await fails(world.call(connection), 'connection.refreshing')
    // The lease of the slow one is over.
    await world.clock.sleep(80 * second)
    await world.connect.disconnect(world.environment, connection.id, 'user:u')
    assert.equal((await world.grantOf(connection)).state, 'revoked')
    const revocations = () => world.sandbox.ledger.entries.filter(({ what }) => what === 'revoke').length
    const before = revocations()
    await world.clock.sleep(minute)
    assert.ok(revocations() > before)
    const grant = await world.grantOf(connection)
    assert.deepEqual([grant.state, grant.access, grant.refresh], ['revoked', null, null])
  },
  {
    wrap: (deps) => ({
      grants: {
        ...deps.grants,
        commit: async (...rest) => {
          await deps.clock.sleep(100 * second)
          return deps.grants.commit(...rest)
        },
      },
    }),
  },
)

story('whoever connects anew while tokens are being given back keeps the new ones', async (world, connection) => {
  await world.startJobs()
  world.sandbox.weather.add({ kind: 'delay', ms: 20 * second, route: 'POST accounts.tuneful.example/oauth/revoke' })
  const disconnecting = world.connect.disconnect(world.environment, connection.id, 'user:u')
  await world.clock.sleep(5 * second)
  const { connection: anew } = await world.connectAccount()
  await disconnecting
  assert.notEqual(anew.id, connection.id)
  await world.call(anew)
  await world.clock.sleep(3 * hour)
  await world.call(anew)
  assert.equal((await world.grantOf(anew)).state, 'live')
})

story(
  'a connection that is made while its grant is being given back does not die unseen',
  async (world, connection) => {
    await world.connect.disconnect(world.environment, connection.id, 'user:u')
    const retired = await world.connectAccount()
    const connecting = world.connectAccount({ profile: 'label' })
    await world.clock.sleep(5 * second)
    await world.connect.disconnect(world.environment, retired.connection.id, 'user:u')
    const { connection: anew } = await connecting
    assert.equal((await world.grantOf(anew)).state, 'revoked')
    await fails(world.call(anew), 'connection.expired')
    const { state, reason } = await world.connectionOf(anew)
    assert.deepEqual([state, reason], ['needs_reauth', 'expired'])
    assert.deepEqual(world.openTasks(), ['reconnect'])
    await world.connectAccount({ reconnect: anew.id })
    await world.call(await world.connectionOf(anew))
  },
  {
    wrap: (deps) => ({
      connections: {
        ...deps.connections,
        create: async (connection, along) => {
          if (connection.profileId === 'label') await deps.clock.sleep(30 * second)
          return deps.connections.create(connection, along)
        },
      },
    }),
  },
)

story(
  'a process that dies while a connection gets its new grant leaves the task to somebody',
  async (world, connection) => {
    world.sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
    await world.clock.sleep(hour)
    await world.credentials.refresh(world.environment.id, connection.grantId)
    assert.deepEqual(world.openTasks(), ['reconnect'])
    void world.connectAccount({ reconnect: connection.id })
    await world.clock.sleep(minute)
    assert.equal((await world.connectionOf(connection)).state, 'needs_reauth')
    assert.deepEqual(world.openTasks(), ['reconnect'])
    await world.connectAccount({ reconnect: connection.id })
    assert.equal((await world.connectionOf(connection)).state, 'healthy')
    assert.deepEqual(world.openTasks(), [])
    assert.equal(world.events().filter((type) => type === 'connection.reconnected').length, 1)
    await world.call(await world.connectionOf(connection))
  },
  {
    wrap: (deps) => {
      let died = false
      return {
        connections: {
          ...deps.connections,
          move: async (...change) => {
            if (died || change[2].to !== 'healthy') return deps.connections.move(...change)
            died = true
            return new Promise(() => {})
          },
        },
      }
    },
  },
)

story('paused: nothing is called; resumed: where it was', async (world, connection) => {
  const { connect, environment } = world
  await connect.pause(environment, connection.id, 'user:u')
  await connect.pause(environment, connection.id, 'user:u')
  assert.deepEqual(await blocked(world, connection), ['paused', 'paused'])
  await fails(world.call(connection), 'connection.inactive')
  await connect.resume(environment, connection.id, 'user:u')
  await connect.resume(environment, connection.id, 'user:u')
  assert.deepEqual(await blocked(world, connection), [null, null])
  assert.equal((await world.connectionOf(connection)).state, 'pending')
  await world.call(connection)
  assert.deepEqual(world.events(), ['connection.created', 'connection.paused', 'connection.resumed'])
})

story('resuming keeps what lacks a permission blocked', async (world) => {
  const { connection } = await world.connectAccount({ artist: 1, profile: 'x', scopes: ['profile'] })
  await world.connect.pause(world.environment, connection.id, 'user:u')
  await world.connect.resume(world.environment, connection.id, 'user:u')
  assert.deepEqual(await blocked(world, connection), ['missing_scope', null])
  const after = await world.connectionOf(connection)
  assert.deepEqual([after.state, after.reason], ['degraded', 'missing_scope'])
})

story('access that ended while it was paused is found out when it is resumed', async (world, connection) => {
  await world.connect.pause(world.environment, connection.id, 'user:u')
  world.sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
  await world.clock.sleep(hour)
  await world.credentials.refresh(world.environment.id, connection.grantId)
  assert.equal((await world.connectionOf(connection)).state, 'paused')
  await world.connect.resume(world.environment, connection.id, 'user:u')
  const after = await world.connectionOf(connection)
  assert.deepEqual([after.state, after.reason], ['needs_reauth', 'refresh_refused'])
  assert.deepEqual(world.openTasks(), ['reconnect'])
})

story('of many that are validated each has its own outcome, whatever becomes of the others', async (world, first) => {
  const { connect, environment, artists } = world
  const others = await Promise.all(
    [1, 2, 3, 4, 5].map((artist) => world.connectAccount({ artist, profile: `p${artist}` })),
  )
  const all = [first, ...others.map(({ connection }) => connection)]
  world.sandbox.meddle('tuneful', artists[1]!.key, 'revoke')
  await world.stores.grants.forget(environment.id, all[2]!.grantId, 'revoked', { at: 0, actor: 'system' })
  const { integration } = world.deps.directory
  let asked = 0
  world.deps.directory.integration = (environmentId, id) => {
    if (++asked === 4) throw new TypeError('a bug in the middle')
    return integration(environmentId, id)
  }
  const lanes: string[] = []
  const { take } = world.stores.limiter
  world.stores.limiter.take = (draws, options) => {
    lanes.push(options.lane)
    return take(draws, options)
  }
  const outcomes = await connect.validateAll(environment, all, 'user:u', new AbortController().signal)
  assert.deepEqual(
    all.map(({ id }) => outcomes.get(id)?.works),
    [true, false, false, false, true, true],
  )
  for (const { says, fault, works } of outcomes.values()) assert.equal(works, says === null && fault === null)
  assert.deepEqual(new Set(lanes), new Set(['scheduled']))
})

story('validation ends where it was told to stop, and leaves out what was not asked', async (world, connection) => {
  const stop = new AbortController()
  stop.abort()
  const outcomes = await world.connect.validateAll(world.environment, [connection], 'user:u', stop.signal)
  assert.equal(outcomes.size, 0)
})

story('validating asks once and says how it is', async (world, connection) => {
  const { connect, environment } = world
  const ask = () => connect.validate(environment, connection.id, 'user:u')
  assert.deepEqual(await ask(), { works: true, fault: null, says: null })
  const degraded = { from: ['pending'], to: 'degraded', reason: 'provider.down' } as const
  await world.stores.connections.move(environment.id, connection.id, degraded, { at: 0, actor: 'system' })
  await ask()
  assert.equal((await world.connectionOf(connection)).state, 'healthy')
  world.sandbox.weather.add({ kind: 'outage', route: 'GET api.tuneful.example/v1/me' })
  assert.equal((await ask()).works, false)
  assert.equal((await world.connectionOf(connection)).state, 'healthy')
  world.sandbox.weather.clear()
  await world.clock.sleep(minute)
  world.sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
  assert.equal((await ask()).works, false)
  await world.clock.sleep(minute)
  assert.equal((await ask()).fault, 'connection.expired')
  assert.equal((await world.connectionOf(connection)).state, 'needs_reauth')
})

story('the token itself is shown fresh, and only after that is written down', async (world, connection) => {
  const { connect, environment } = world
  const first = await connect.revealCredentials(environment, connection.id, 'key:key_1')
  assert.match(first.accessToken, /^at_/)
  await world.clock.sleep(hour)
  const second = await connect.revealCredentials(environment, connection.id, 'key:key_1')
  assert.notEqual(second.accessToken, first.accessToken)
  assert.equal(second.expiresAt, world.clock.now() + hour)
  const reads = world.along.audit.filter(({ action }) => action === 'credentials.read')
  assert.deepEqual(
    reads.map(({ actor, subject }) => [actor, subject]),
    Array(2).fill(['key:key_1', connection.id]),
  )
})

story('another environment’s connection and none look the same', async ({ connect, environment }, { id }) => {
  const other = { ...environment, id: 'env_other' }
  for (const act of [connect.validate, connect.pause, connect.resume, connect.disconnect, connect.revealCredentials])
    for (const [env, name] of [
      [other, id],
      [environment, 'con_nothing'],
    ] as const)
      await fails(act(env, name, 'user:u'), 'input.unknown')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, hour, isFault, minute } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { WireResponse } from '../../ports/network.ts'
import { openTestWorld, type TestWorld, type WorldOptions } from './test-world.ts'

/** `refuse` says for an address whether the platform refuses it, whatever was presented. */
interface Mood {
  refuse: (address: string) => boolean
  /** How long a refusal takes. */
  wait: () => Promise<void>
}

const story = (
  title: string,
  tell: (world: TestWorld & { mood: Mood }, connection: Connection) => Promise<void>,
  options: WorldOptions & { violations?: number } = {},
) =>
  test(title, async () => {
    const mood: Mood = { refuse: () => false, wait: async () => {} }
    const world = await openTestWorld({
      network: (sandbox) => ({
        send: async (request, signal) => {
          const { pathname } = new URL(request.url)
          if (!mood.refuse(pathname)) return sandbox.send(request, signal)
          await mood.wait()
          return refusal(pathname)
        },
      }),
      ...options,
    })
    await world.run(async () => {
      await world.startJobs()
      const { connection } = await world.connectAccount()
      await world.clock.sleep(minute)
      await tell({ ...world, mood }, connection)
    })
    assert.equal(world.sandbox.ledger.violations.length, options.violations ?? 0)
  })

const refusal = (pathname: string): WireResponse => ({
  status: pathname.startsWith('/oauth') ? 400 : 401,
  headers: { 'content-type': 'application/json' },
  body: (async function* () {
    yield Buffer.from(pathname.startsWith('/oauth') ? '{"error":"invalid_grant"}' : '{}')
  })(),
})

const refused = async (world: TestWorld, connection: Connection, engine = 0) => {
  await world.call(connection, engine).then(
    () => assert.fail('it worked'),
    (error) =>
      assert.ok(isFault(error, 'connection.expired', 'connection.revoked', 'connection.refreshing'), `${error}`),
  )
}
const stateOf = async (world: TestWorld, connection: Connection) => (await world.connectionOf(connection)).state
const blocked = async (world: TestWorld, { id }: Connection) =>
  (await world.stores.schedule.of(world.environment.id, [id])).map((slot) => slot.blocked)
const noRefresh: WorldOptions = { auth: { refresh: { model: 'none' } } }

/** A platform that refuses the only account, and the account given up because of it. */
async function giveUp(world: TestWorld & { mood: Mood }, connection: Connection, refuse: Mood['refuse']) {
  world.mood.refuse = refuse
  await world.clock.sleep(hour)
  await refused(world, connection)
  await world.clock.sleep(minute)
  await refused(world, connection)
  assert.equal(await stateOf(world, connection), 'needs_reauth')
  assert.deepEqual(world.openTasks(), ['reconnect'])
}

for (const [what, options, refuse] of [
  ['calls', noRefresh, (path: string) => path.startsWith('/v1/')],
  ['renewals', { auth: { refresh: { model: 'keeps' } } }, (path: string) => path === '/oauth/token'],
] as const)
  story(
    `a platform that refused ${what} by mistake: everything comes back by itself`,
    async (world, connection) => {
      await giveUp(world, connection, refuse)
      await world.clock.sleep(2 * hour)
      assert.equal(await stateOf(world, connection), 'needs_reauth', 'it goes on refusing')
      world.mood.refuse = () => false
      await world.clock.sleep(6 * hour)
      assert.equal(await stateOf(world, connection), 'healthy')
      assert.deepEqual(world.openTasks(), [])
      assert.deepEqual(await blocked(world, connection), [null, null])
      assert.equal(world.events().filter((type) => type === 'connection.recovered').length, 1)
      assert.equal((await world.grantOf(connection)).state, 'live')
      await world.call(connection)
    },
    options,
  )

for (const [what, options] of [
  ['nothing renews', noRefresh],
  ['could be renewed', {}],
] as const)
  story(
    `access that is gone, and that ${what}, is looked at four times and no more`,
    async (world, connection) => {
      world.sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
      await world.clock.sleep(minute)
      await refused(world, connection)
      await world.clock.sleep(minute)
      assert.equal(await stateOf(world, connection), 'needs_reauth')
      const looks = () => world.sandbox.ledger.entries.filter(({ what }) => what === 'token' || what === 'api').length
      const before = looks()
      const seen: number[] = []
      for (const waitMs of [hour, 6 * hour, dayMs, 3 * dayMs, 10 * dayMs]) {
        await world.clock.sleep(waitMs + minute)
        seen.push(looks() - before)
      }
      const each = seen[0]!
      assert.ok(each > 0 && each <= 2, `${each} requests of a look`)
      assert.deepEqual(seen, [each, 2 * each, 3 * each, 4 * each, 4 * each])
      assert.equal(await stateOf(world, connection), 'needs_reauth')
      assert.deepEqual(world.openTasks(), ['reconnect'])
    },
    options,
  )

story(
  'a person who consents before the next look ends it',
  async (world, connection) => {
    await giveUp(world, connection, (path) => path.startsWith('/v1/'))
    world.mood.refuse = () => false
    await world.connectAccount({ reconnect: connection.id })
    const requests = world.sandbox.ledger.entries.length
    await world.clock.sleep(5 * dayMs)
    assert.equal(world.sandbox.ledger.entries.length, requests)
    assert.ok(!world.events().includes('connection.recovered'))
  },
  noRefresh,
)

story(
  'an answer that was lost is not asked for again: the platform was right',
  async (world, connection) => {
    world.sandbox.weather.add({ kind: 'lose', route: 'POST accounts.tuneful.example/oauth/token' })
    await world.clock.sleep(hour)
    await refused(world, connection)
    await world.clock.sleep(10 * minute)
    world.sandbox.weather.clear()
    await refused(world, connection)
    await world.clock.sleep(10 * minute)
    assert.equal((await world.connectionOf(connection)).reason, 'lost_response')
    const requests = world.sandbox.ledger.entries.length
    await world.clock.sleep(5 * dayMs)
    assert.equal(world.sandbox.ledger.entries.length, requests)
  },
  { violations: 1 },
)

story(
  'F65: accounts that are refused alike are an incident, and nobody is asked to consent',
  async (world, connection) => {
    const others = await Promise.all(
      [1, 2, 3, 4].map((artist) => world.connectAccount({ artist, profile: `p${artist}` })),
    )
    const all = [connection, ...others.map((one) => one.connection)]
    await world.clock.sleep(10 * minute)
    world.mood.refuse = (path) => path.startsWith('/v1/')
    const before = world.sandbox.ledger.entries.length
    for (let n = 0; n < 6; n++) {
      await Promise.all(all.map((one) => refused(world, one)))
      await world.clock.sleep(10 * minute)
    }
    assert.equal(world.sandbox.ledger.entries.length, before)
    for (const one of all) assert.equal(await stateOf(world, one), 'pending')
    assert.deepEqual(world.openTasks(), [])
    const open = () => world.stores.journal.readIncidents(world.environment.id, { limit: 10, open: true })
    assert.deepEqual(
      (await open()).map(({ code }) => code),
      ['provider.down'],
    )
    assert.equal(world.events().filter((type) => type === 'integration.incident').length, 1)

    world.mood.refuse = () => false
    await world.clock.sleep(10 * minute)
    for (const one of all) await world.call(one)
    assert.deepEqual(await open(), [])
    assert.equal(world.events().filter((type) => type === 'integration.recovered').length, 1)
  },
  noRefresh,
)

story(
  'two accounts that are refused while each is looked at for the other wait for nobody',
  async (world, connection) => {
    const { connection: other } = await world.connectAccount({ artist: 1, profile: 'other' })
    await world.clock.sleep(10 * minute)
    world.mood.refuse = (path) => path.startsWith('/v1/')
    world.mood.wait = () => world.clock.sleep(100)
    const first = refused(world, connection)
    await world.clock.sleep(50)
    const both = Promise.all([first, refused(world, other)]).then(() => 'refused')
    assert.equal(await Promise.race([both, world.clock.sleep(minute).then(() => 'still waiting')]), 'refused')
    for (const one of [connection, other]) assert.equal(await stateOf(world, one), 'pending')
  },
  noRefresh,
)

story(
  'one account that is refused while others are served is given up',
  async (world, connection) => {
    const { connection: other } = await world.connectAccount({ artist: 1, profile: 'other' })
    await world.clock.sleep(10 * minute)
    world.sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
    await refused(world, connection)
    assert.equal(await stateOf(world, connection), 'needs_reauth')
    await world.call(other)
    assert.equal(await stateOf(world, other), 'pending')
    assert.ok(!world.events().includes('integration.incident'))
  },
  noRefresh,
)

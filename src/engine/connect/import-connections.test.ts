import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, isFault, minute } from '@patchbay/kit'
import type { Grant } from '../../ports/grants.ts'
import type { ImportResult, ImportRow } from './import-connections.ts'
import { accountOf, openTestWorld, type TestWorld, type WorldOptions } from './test-world.ts'

const story = (title: string, tell: (world: TestWorld) => Promise<void>, options: WorldOptions = {}) =>
  test(title, async () => {
    const world = await openTestWorld(options)
    await world.run(() => tell(world))
    assert.deepEqual(world.sandbox.ledger.violations, [])
    const text = JSON.stringify([world.along.events, world.along.audit]) + world.log.text()
    for (const secret of [/\bat_\w{30}/, /\brt_\w{30}/]) assert.doesNotMatch(text, secret)
  })

/** Tokens of an artist as another system would have them: given out by the platform, and not known here. */
async function elsewhere(world: TestWorld, artist = 0) {
  const { connection } = await world.connectAccount({ artist, profile: 'elsewhere' })
  const grant = await world.grantOf(connection)
  const reveal = (field: 'access' | 'refresh') =>
    world.vault.open(world.environment.id, { row: grant.id, field, generation: 1 }, grant[field]!, (secret) =>
      secret.reveal(),
    )
  const tokens = { accessToken: await reveal('access'), refreshToken: await reveal('refresh') }
  const along = { at: 0, actor: 'system' } as const
  const gone = { from: ['pending'], to: 'disconnected', reason: null } as const
  await world.stores.connections.move(world.environment.id, connection.id, gone, along)
  await world.stores.grants.forget(world.environment.id, grant.id, 'revoked', along)
  const row: ImportRow = {
    ...tokens,
    expiresAt: world.clock.now() + hour,
    profile: { id: 'nova', name: 'Nova' },
    integration: world.integrationId,
  }
  return { row, account: connection.account }
}

const bring = (world: TestWorld, rows: readonly ImportRow[], verify = true) =>
  world.connect.importConnections(world.environment, rows, { verify, actor: 'key:key_1' })

const said = (results: readonly ImportResult[]) =>
  results.map((one) => (one.status === 'failed' ? one.fault.code : one.status))
const only = async (world: TestWorld, results: readonly ImportResult[]) => {
  const [result] = results
  assert.ok(result && result.status !== 'failed', said(results).join())
  assert.equal(result.connections.length, 1)
  return world.connectionOf(result.connections[0]!)
}
const apiCalls = (world: TestWorld) => world.sandbox.ledger.entries.filter(({ what }) => what === 'api').length

story('tokens are proven, sealed and used; brought again nothing changes', async (world) => {
  const { row, account } = await elsewhere(world)
  const connection = await only(world, await bring(world, [row]))
  assert.deepEqual([connection.state, connection.profileId, connection.account], ['pending', 'nova', account])
  const grant = await world.grantOf(connection)
  assert.equal(grant.subject.id, `user-${account.id}`)
  assert.ok(!JSON.stringify(grant).includes(row.accessToken!), 'sealed')
  await world.call(connection)
  assert.equal((await world.stores.schedule.of(world.environment.id, [connection.id])).length, 2)
  const audit = world.along.audit.filter(({ actor }) => actor === 'key:key_1').map(({ action }) => action)
  assert.deepEqual(audit, ['grant.created', 'connection.created', 'connections.imported'])

  await world.clock.sleep(hour)
  await world.call(connection)
  const renewed = await world.grantOf(connection)
  assert.equal(renewed.generation, 2)
  // What was brought is over by now. Presenting it would end the grant: the platform is strict.
  const again = await bring(world, [{ ...row, account }])
  assert.deepEqual(said(again), ['exists'])
  assert.deepEqual(await world.grantOf(connection), renewed)
})

story('an access token that is over is renewed before it is proven', async (world) => {
  const { row, account } = await elsewhere(world)
  const { accessToken: _, ...refreshOnly } = row
  await world.clock.sleep(2 * hour)
  const requests = world.tokenRequests().length
  for (const one of [row, refreshOnly]) assert.deepEqual(said(await bring(world, [one])), ['input.invalid'])
  assert.equal(world.tokenRequests().length, requests, 'its refresh token can be used once, so nothing is risked')
  const connection = await only(world, await bring(world, [{ ...row, account }]))
  await world.call(connection)
  assert.equal(world.tokenRequests().length, requests + 1)
})

story('a platform that is away after it renewed them: they are kept, and proven by use', async (world) => {
  const { row, account } = await elsewhere(world)
  await world.clock.sleep(2 * hour)
  world.sandbox.weather.add({ kind: 'outage', route: 'GET api.tuneful.example/v1/me' })
  const connection = await only(world, await bring(world, [{ ...row, account }]))
  world.sandbox.weather.clear()
  await world.clock.sleep(10 * minute)
  await world.call(connection)
  assert.equal(connection.state, 'pending')
})

story('unverified: stored as they came, without a call', async (world) => {
  const { row, account } = await elsewhere(world)
  const before = [apiCalls(world), world.tokenRequests().length]
  assert.deepEqual(said(await bring(world, [row], false)), ['input.invalid'], 'whose it is must be said')
  const connection = await only(world, await bring(world, [{ ...row, account }], false))
  assert.deepEqual([apiCalls(world), world.tokenRequests().length], before)
  assert.equal(connection.state, 'pending')
  await world.call(connection)
  assert.deepEqual(said(await bring(world, [{ ...row, account }], false)), ['exists'])
  // A consent later on: the same connection, and the tokens that were brought are dropped and not taken back at the platform.
  const brought = connection.grantId
  const again = await world.connectAccount({ profile: 'nova' })
  assert.equal(again.connection.id, connection.id)
  const old = (await world.stores.grants.read(world.environment.id, brought))!
  assert.deepEqual([old.state, old.refresh], ['revoked', null])
  assert.ok(world.sandbox.grants.list().every(({ ended }) => ended === null))
})

story('unverified ones of several people each keep the tokens that came with them', async (world) => {
  const people = [await elsewhere(world, 0), await elsewhere(world, 1), await elsewhere(world, 2)]
  const rows = people.map(({ row, account }) => ({ ...row, account, profile: { id: account.id } }))
  for (const row of rows) assert.deepEqual(said(await bring(world, [row], false)), ['imported'])
  for (const { account } of people) {
    const [connection] = await world.stores.connections.list(world.environment.id, { account: account.id, limit: 1 })
    assert.equal(((await world.call(connection!)).body as { id: string }).id, account.id)
  }
})

story('each row stands for itself', async (world) => {
  const [good, other] = [await elsewhere(world, 0), await elsewhere(world, 1)]
  const wrong = accountOf({ id: 'somebody', name: 'Somebody' })
  const results = await bring(world, [
    { ...good.row, accessToken: 'at_nobody_gave_out', refreshToken: undefined },
    { ...good.row, accessToken: 'no token\n' },
    { ...good.row, accessToken: undefined, refreshToken: undefined },
    { ...good.row, integration: 'int_nothing' },
    { ...good.row, credentials: { key: 'x' } },
    { ...other.row, account: wrong },
    good.row,
  ])
  assert.deepEqual(said(results), [
    'connection.expired',
    'input.invalid',
    'input.invalid',
    'input.unknown',
    'input.invalid',
    'connection.mismatch',
    'imported',
  ])
  assert.equal((await world.stores.connections.list(world.environment.id, { limit: 10 })).length, 1)
})

story('a person who has a grant here keeps it, and another profile shares it', async (world) => {
  const { row } = await elsewhere(world)
  const { connection } = await world.connectAccount({ profile: 'label' })
  const before: Grant = await world.grantOf(connection)
  const shared = await only(world, await bring(world, [row]))
  assert.notEqual(shared.id, connection.id)
  assert.equal(shared.grantId, connection.grantId)
  assert.deepEqual(await world.grantOf(connection), before)
  assert.deepEqual(said(await bring(world, [row])), ['exists'])
})

story('a connection that waits for a consent is helped by tokens that work', async (world) => {
  const { row } = await elsewhere(world)
  const connection = await only(world, await bring(world, [row]))
  const change = { from: ['pending'], to: 'needs_reauth', reason: 'refresh_refused' } as const
  const dead = { leaseId: '', state: 'dead', cause: 'refresh_refused', refreshDueAt: null } as const
  await world.stores.connections.move(world.environment.id, connection.id, change, { at: 0, actor: 'system' })
  await world.stores.grants.release(world.environment.id, connection.grantId, 1, dead, { at: 0, actor: 'system' })
  const helped = await only(world, await bring(world, [row]))
  assert.deepEqual([helped.id, helped.state], [connection.id, 'healthy'])
  await world.call(helped)
})

story(
  'a key instead of tokens',
  async (world) => {
    const artist = world.artists[0]!
    const row = { profile: { id: 'nova' }, integration: world.integrationId }
    const { credentials } = world.sandbox.personas.persona(world.provider, artist)
    const results = await bring(world, [
      { ...row, accessToken: 'at_x' },
      { ...row, credentials },
    ]).catch((error) => assert.fail(isFault(error) ? error.code : error))
    assert.deepEqual(said(results), ['input.invalid', 'imported'])
  },
  {
    provider: {
      auth: {
        scheme: 'api_key',
        carry: { query: 'k' },
        fields: { key: { label: 'Key', secret: true, required: true } },
      },
    },
  },
)

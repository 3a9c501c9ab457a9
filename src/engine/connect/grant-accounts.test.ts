import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, minute } from '@patchbay/kit'
import { fails } from '../test-faults.ts'
import { accountOf, openTestWorld, type TestWorld, type WorldOptions } from './test-world.ts'

/** A person who has three accounts, by one consent. */
const threeAccounts: WorldOptions = {
  provider: {
    identify: async ({ http }) => {
      const me = (await http.get('/me')) as { id: string; name: string }
      const accounts = ['', '-live', '-topic'].map((end) =>
        accountOf({ id: `${me.id}${end}`, name: `${me.name}${end}` }),
      )
      return { subject: { id: `user-${me.id}`, name: me.name }, accounts }
    },
  },
}

const story = (title: string, tell: (world: TestWorld) => Promise<void>, options: WorldOptions = {}) =>
  test(title, async () => {
    const world = await openTestWorld({ ...threeAccounts, ...options })
    await world.run(() => tell(world))
    assert.deepEqual(world.sandbox.ledger.violations, [])
  })

/** Connects one of the three. */
async function connectOne(world: TestWorld) {
  const session = await world.connect.createSession(world.environment, { profile: { id: 'nova' } })
  const { cookie, redirect } = await world.connect.begin({ token: session.token, cookie: null }, world.integrationId, {
    account: `@${(await accountIds(world))[0]}`,
  })
  const back = await world.consent(redirect)
  const { result } = await world.connect.callback(world.integrationId, back, cookie)
  assert.ok('connectionIds' in result, JSON.stringify(result))
  assert.equal(result.connectionIds.length, 1)
  return (await world.stores.connections.read(world.environment.id, result.connectionIds[0]!))!
}

/** As the platform names them. */
async function accountIds(world: TestWorld): Promise<string[]> {
  const { id } = world.sandbox.personas.persona(world.provider, world.artists[0]!).account
  return ['', '-live', '-topic'].map((end) => `${id}${end}`)
}

story('another account of the same consent is connected later, and nobody is asked again', async (world) => {
  const { connect, environment } = world
  const connection = await connectOne(world)
  const reachable = await connect.accounts(environment, connection.id)
  const ids = await accountIds(world)
  assert.deepEqual(
    reachable.map(({ account, connectionId }) => [account.id, connectionId]),
    [
      [ids[0], connection.id],
      [ids[1], null],
      [ids[2], null],
    ],
  )
  const requests = world.tokenRequests().length
  const add = () => connect.addAccounts(environment, connection.id, { accounts: [ids[1]!] }, 'key:key_1')
  const [added] = await add()
  assert.equal(added!.grantId, connection.grantId)
  assert.deepEqual([added!.state, added!.profileId], ['pending', 'nova'])
  assert.equal((await world.stores.schedule.of(environment.id, [added!.id])).length, 2)
  await world.call(added!)
  assert.equal(world.tokenRequests().length, requests)
  assert.deepEqual(
    (await add()).map(({ id }) => id),
    [added!.id],
    'once',
  )
  await fails(
    connect.addAccounts(environment, connection.id, { accounts: ['somebody'] }, 'key:k'),
    'connection.unsuitable',
  )
  await fails(connect.accounts({ ...environment, id: 'env_other' }, connection.id), 'input.unknown')
  assert.equal(world.events().filter((type) => type === 'connection.created').length, 2)
})

story('the grant is given back with its last connection', async (world) => {
  const { connect, environment } = world
  const connection = await connectOne(world)
  const [, second] = await accountIds(world)
  const [added] = await connect.addAccounts(environment, connection.id, { accounts: [second!] }, 'key:k')
  await connect.disconnect(environment, connection.id, 'key:k')
  await world.call(added!)
  assert.equal((await world.grantOf(added!)).state, 'live')
  await connect.disconnect(environment, added!.id, 'key:k')
  assert.equal((await world.grantOf(added!)).state, 'revoked')
  assert.equal(world.sandbox.grants.list()[0]!.ended?.why, 'app')
})

story('one consent heals every connection of the grant', async (world) => {
  const { connect, environment } = world
  const connection = await connectOne(world)
  const [, second, third] = await accountIds(world)
  const added = await connect.addAccounts(environment, connection.id, { accounts: [second!, third!] }, 'key:k')
  world.sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
  await world.clock.sleep(hour)
  await fails(world.call(connection), 'connection.expired', 'connection.refreshing')
  await world.clock.sleep(minute)
  const all = [connection, ...added]
  for (const one of all) assert.equal((await world.connectionOf(one)).state, 'needs_reauth')
  assert.equal(world.openTasks().length, 3)
  await world.connectAccount({ reconnect: added[0]!.id })
  for (const one of all) {
    assert.equal((await world.connectionOf(one)).state, 'healthy')
    await world.call(one)
  }
  assert.deepEqual(world.openTasks(), [])
})

story(
  'F64: two first consents of a person in one instant make one grant, and both connections work',
  async (world) => {
    const both = await Promise.all(['nova', 'label'].map((profile) => world.connectAccount({ profile })))
    const [one, other] = both.map(({ connection }) => connection)
    assert.notEqual(one!.id, other!.id)
    assert.equal((await world.connectionOf(one!)).grantId, (await world.connectionOf(other!)).grantId)
    await world.clock.sleep(2 * hour)
    for (const each of [one!, other!]) await world.call(await world.connectionOf(each))
  },
  {
    wrap: ({ grants, clock }) => {
      // Both look before either writes.
      const findBySubject: typeof grants.findBySubject = async (...subject) => {
        const found = await grants.findBySubject(...subject)
        await clock.sleep(1000)
        return found
      }
      return { grants: { ...grants, findBySubject } }
    },
  },
)

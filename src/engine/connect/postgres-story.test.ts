import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { hour, minute, second } from '@patchbay/kit'
import { openTestDatabase, type TestDatabase } from '../../drivers/database/test-database.ts'
import { postgresStores } from './test-postgres.ts'
import { openTestWorld } from './test-world.ts'

/** The stories that matter most, with the stores that production has: consent, 50 callbacks, expiry in four processes, the end. */
describe('connecting over PostgreSQL', () => {
  let testDatabase: TestDatabase
  before(async () => {
    testDatabase = await openTestDatabase({ poolSize: 10 })
  })
  after(() => testDatabase.drop())

  test('from the first consent to the last goodbye', async () => {
    const world = await openTestWorld({ engines: 4, stores: (clock) => postgresStores(testDatabase, clock) })
    const { environment, connect, sandbox } = world
    await world.run(async () => {
      const { redirect, cookie } = await world.begin(await world.sessionOf())
      const back = await world.consent(redirect)
      const tries = Array.from({ length: 50 }, () => connect.callback(world.integrationId, back, cookie))
      const outcomes = await Promise.allSettled(tries)
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      assert.equal(world.tokenRequests().length, 1)
      const [connection] = await world.stores.connections.list(environment.id, { limit: 9 })
      assert.ok(connection)

      await world.clock.sleep(hour - 5 * second)
      await Promise.all(Array.from({ length: 200 }, (_, n) => world.call(connection, n % 4)))
      assert.equal(world.tokenRequests().length, 2)
      assert.equal((await world.grantOf(connection)).generation, 2)

      sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
      await world.clock.sleep(minute)
      await Promise.allSettled(Array.from({ length: 40 }, (_, n) => world.call(connection, n % 4)))
      await world.clock.sleep(minute)
      assert.equal((await world.connectionOf(connection)).state, 'needs_reauth')
      const tasks = await world.stores.journal.readTasks(environment.id, {
        limit: 9,
        state: { is: 'open', now: world.clock.now() },
      })
      assert.deepEqual(
        tasks.map(({ kind }) => kind),
        ['reconnect'],
      )

      const again = await world.connectAccount({ reconnect: connection.id, scopes: ['profile'] })
      assert.deepEqual([again.connection.id, again.connection.state], [connection.id, 'degraded'])
      await connect.disconnect(environment, connection.id, 'user:u')
      assert.equal((await world.grantOf(connection)).state, 'revoked')
      const history = await world.stores.connections.transitions(environment.id, connection.id, 9)
      assert.deepEqual(
        history.map(({ to }) => to),
        ['disconnected', 'degraded', 'needs_reauth', 'pending'],
      )
    })
    assert.deepEqual(sandbox.ledger.violations, [])
  })
})

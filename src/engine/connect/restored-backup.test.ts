import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { OAuth2 } from '@patchbay/kit'
import { hour, minute } from '@patchbay/kit'
import { openTestDatabase, type TestDatabase } from '../../drivers/database/test-database.ts'
import type { Connection } from '../../ports/connections.ts'
import { postgresStores } from './test-postgres.ts'
import { openTestWorld } from './test-world.ts'

/**
 * A backup is restored, or the last minutes of a database are lost with it: tokens are in it that were exchanged since. What the platform does with such a
 * token decides what can still be had.
 */
describe('a database that went back in time', () => {
  let database: TestDatabase
  before(async () => {
    database = await openTestDatabase({ poolSize: 10 })
  })
  after(() => database.drop())

  async function openRestored(refresh: OAuth2['refresh'], seed: string) {
    const stores = (clock: Parameters<typeof postgresStores>[1]) => postgresStores(database, clock)
    const world = await openTestWorld({ auth: { refresh }, seed, stores })
    const { environment, clock } = world
    const rows = () =>
      clock.outside(() => database.database.tenant(environment.id, (sql) => sql('select g.* from account_grant g')))
    const connections: Connection[] = []
    const restored = async (accounts: number) => {
      for (let artist = 0; artist < accounts; artist++)
        connections.push((await world.connectAccount({ artist, profile: `${seed} ${artist}` })).connection)
      const backup = (await rows()).rows
      for (let round = 0; round < 2; round++) {
        await clock.sleep(hour)
        for (const connection of connections) await world.call(connection)
      }
      assert.ok((await world.grantOf(connections[0]!)).generation >= 3)
      const columns = ['access', 'refresh', 'previous_refresh', 'generation', 'attempts', 'refreshed_at']
      columns.push('access_expires_at', 'refresh_expires_at', 'refresh_due_at')
      const asRows = `jsonb_populate_recordset(null::account_grant, $1::jsonb)`
      await clock.outside(() =>
        database.database.tenant(environment.id, (sql) =>
          sql(
            `update account_grant g set ${columns.map((name) => `${name} = b.${name}`).join(', ')} from ${asRows} b where g.id = b.id`,
            [JSON.stringify(backup.map(toJson))],
          ),
        ),
      )
      await clock.sleep(minute)
      return connections
    }
    return { ...world, restored }
  }

  test('F87: where a refresh token stays the same nobody notices', async () => {
    const world = await openRestored({ model: 'keeps', source: 'made up' } as OAuth2['refresh'], 'keeps')
    await world.run(async () => {
      for (const connection of await world.restored(4)) {
        await world.call(connection)
        assert.equal((await world.connectionOf(connection)).state, 'pending')
      }
    })
    assert.deepEqual(world.sandbox.ledger.violations, [])
  })

  test('F87: where each is good for once, each owner is asked, once, and the platform is not stormed', async () => {
    const world = await openRestored({ model: 'rotates', graceMs: 0, source: 'made up' }, 'rotates')
    await world.run(async () => {
      const connections = await world.restored(5)
      const before = world.tokenRequests().length
      const calls = connections.flatMap((connection) => Array.from({ length: 20 }, () => world.call(connection)))
      for (const { status } of await Promise.allSettled(calls)) assert.equal(status, 'rejected')
      await world.clock.sleep(10 * minute)
      // Once, and once more to be sure of it.
      assert.equal(world.tokenRequests().length - before, 2 * connections.length)
      const open = await world.stores.journal.readTasks(world.environment.id, {
        limit: 99,
        state: { is: 'open', now: world.clock.now() },
      })
      const asked = new Map(Map.groupBy(open, ({ connectionId }) => connectionId))
      for (const connection of connections) {
        assert.equal((await world.connectionOf(connection)).state, 'needs_reauth')
        assert.deepEqual(
          asked.get(connection.id)?.map(({ kind }) => kind),
          ['reconnect'],
        )
      }
      const [first] = connections
      const again = await world.connectAccount({ reconnect: first!.id })
      assert.equal(again.connection.id, first!.id)
      await world.call(again.connection)
    })
  })
})

/** Instants are milliseconds here, and texts in JSON for the database. */
const toJson = (row: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      name.endsWith('_at') && typeof value === 'number' ? new Date(value).toISOString() : value,
    ]),
  )

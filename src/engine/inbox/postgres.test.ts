import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { hour } from '@patchbay/kit'
import { openTestDatabase, type TestDatabase } from '../../drivers/database/test-database.ts'
import { postgresStores } from '../connect/test-postgres.ts'
import { openInboxWorld } from './test-world.ts'

/** What matters most, with the stores that production has. */
describe('the inbox over PostgreSQL', () => {
  let testDatabase: TestDatabase
  before(async () => {
    testDatabase = await openTestDatabase({ poolSize: 12 })
  })
  after(() => testDatabase.drop())

  test('I11, F68: a thousand copies at once before four processes are one message with one effect', async () => {
    const world = await openInboxWorld({ engines: 4, stores: (clock) => postgresStores(testDatabase, clock) })
    await world.run(async () => {
      const { connection } = await world.connectAccount()
      const body = { events: [{ account: connection.account.id, type: 'comment', id: 'c1', data: 1 }] }
      const sent = Array.from({ length: 1_000 }, (_, n) => world.send(body, { engine: n % 4 }))
      assert.ok((await Promise.all(sent)).every(({ status }) => status === 200))
      assert.equal((await world.messages()).length, 1)
      const worked = await Promise.all([0, 1, 2, 3].map((engine) => world.workOnce(engine)))
      assert.equal(
        worked.reduce((sum, one) => sum + one, 0),
        1,
      )
      assert.equal((await world.records()).length, 1)
      const { data } = {
        data: await world.deps.journal.readEvents(world.environment.id, { limit: 9, type: 'record.created' }),
      }
      assert.equal(data.length, 1)
    })
  })

  test('I13, F69: five thousand states of two hundred things, shuffled, before four workers: the newest of each is left', async () => {
    const seed = 'shuffled'
    const world = await openInboxWorld({ engines: 4, seed, stores: (clock) => postgresStores(testDatabase, clock) })
    await world.run(async () => {
      const { connection } = await world.connectAccount({ artist: 2, profile: 'other' })
      const account = connection.account.id
      const start = world.clock.now() - hour
      const chance = world.deps.random
      const states = Array.from({ length: 5_000 }, (_, n) => {
        const [thing, version] = [n % 200, Math.floor(n / 200)]
        const removed = thing % 10 === 0 && version === 24 ? { removed: true as const } : {}
        return { ...{ thing, version, rank: chance.unit() }, ...removed }
      }).sort((one, other) => one.rank - other.rank)
      for (let from = 0; from < states.length; from += 500)
        await Promise.all(
          states.slice(from, from + 500).map(({ thing, version, ...more }, nth) => {
            const id = `${seed} ${thing} v${version}`
            const state = { ...{ account, type: 'fan.wrote', id, object: `t${thing}`, at: start + version }, ...more }
            return world.send({ events: [{ ...state, data: { version } }] }, { engine: nth % 4 })
          }),
        )
      for (;;) {
        const worked = await Promise.all([0, 1, 2, 3].map((engine) => world.workOnce(engine)))
        if (worked.every((count) => count === 0)) break
      }
      const own = { connections: [connection.id] }
      const there = await world.records('message', own)
      const gone = await world.records('message', { ...own, removed: true })
      assert.deepEqual([there.length, gone.length], [180, 20])
      assert.ok([...there, ...gone].every(({ data }) => (data as { version: number }).version === 24))
      assert.equal((await world.messages({ state: 'received' })).length, 0)
    })
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { openEmptyDatabase } from './test-database.ts'
import { waitUntilAlone } from './wait-until-alone.ts'

test('somebody who stays is noticed, somebody who leaves is waited for, and others elsewhere do not count', async () => {
  const database = await openEmptyDatabase()
  const elsewhere = await openEmptyDatabase()
  const clients = [database, elsewhere].map(({ url }) => new pg.Client({ connectionString: url }))
  try {
    await clients[1]!.connect()
    assert.equal(await waitUntilAlone({ connection: database.url }), true)
    await clients[0]!.connect()
    assert.equal(await waitUntilAlone({ connection: database.url, patienceMs: 50 }), false)
    const alone = waitUntilAlone({ connection: database.url, patienceMs: 30_000 })
    await clients[0]!.end()
    assert.equal(await alone, true)
  } finally {
    await Promise.all(clients.map((client) => client.end()))
    await database.drop()
    await elsewhere.drop()
  }
})

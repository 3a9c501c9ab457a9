import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts'
import { tablesOfConnection } from './erase-connection.ts'

let testDatabase: TestDatabase
before(async () => {
  testDatabase = await openTestDatabase()
})
after(() => testDatabase.drop())

/** By the ports that keep them: `typedRecords` and `streamNotes`. */
const erasedByOthers = ['record', 'stream_note', 'connection_attention']
/** They say that there was a connection, and what happened to it when; nothing in them is a number or a text of the platform. */
const kept = [
  ...['backfill', 'call', 'event', 'reading_end', 'refresh_wait', 'schedule', 'subscription', 'task', 'transition'],
]

test('of every table that has something of a connection it is known whether an erasure empties it', async () => {
  const client = new pg.Client({ connectionString: testDatabase.url })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>(
      `select c.relname as name from pg_attribute a join pg_class c on c.oid = a.attrelid
       where a.attname = 'connection_id' and not a.attisdropped and c.relkind in ('r', 'p') and not c.relispartition
         and c.relnamespace = current_schema()::regnamespace`,
    )
    const known = [...tablesOfConnection, ...erasedByOthers, ...kept]
    assert.deepEqual(rows.map(({ name }) => name).toSorted(), known.toSorted())
  } finally {
    await client.end()
  }
})

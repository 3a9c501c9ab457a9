import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { Database, Sql } from '../../ports/database.ts'
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts'
import { openPostgresHistory } from '../history/postgres.ts'
import { openPostgresTypedRecords } from '../typed-records/postgres.ts'
import { tablesOfConnection } from './erase-connection.ts'
import { openPostgresRecords } from './postgres.ts'

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

/** The same database, and how many rows each of its transactions changed. */
function counted(database: Database) {
  const changed: number[] = []
  const counting =
    <T>(work: (sql: Sql) => Promise<T>) =>
    async (sql: Sql): Promise<T> => {
      let rows = 0
      const answer = await work(async (...statement) => {
        const result = await sql(...statement)
        rows += result.count
        return result as never
      })
      changed.push(rows)
      return answer
    }
  return {
    changed,
    database: {
      ...database,
      tenant: (environmentId, work) => database.tenant(environmentId, counting(work)),
      system: (work) => database.system(counting(work)),
    } satisfies Database,
  }
}

test('F90: what is deleted of an account of years is deleted a thousand rows at a time, and all of it', async () => {
  const { database, changed } = counted(testDatabase.database)
  const fill = (connection: string, days: number) =>
    testDatabase.database.tenant('env_f90', async (sql) => {
      await sql(
        `insert into observation (environment_id, connection_id, metric, item, dimensions, day, timezone, value, provenance, native, final, stream, observed_at, run_id, revision)
         select 'env_f90', $1, metric, '', '', date '2020-01-01' + day, 'UTC', day, 'reported', 'n', true, 's', 'epoch', 'run_1', 0
         from unnest(array['plays', 'fans']) metric, generate_series(1, $2::integer) day`,
        [connection, days],
      )
      await sql(
        `insert into record (environment_id, connection_id, kind, key, id, data, at, removed, first_seen_at, seen_at, message_id)
         select 'env_f90', $1, 'comment', 'c' || n, $1 || n, '{}', 'epoch', false, 'epoch', 'epoch', 'msg_1' from generate_series(1, $2::integer) n`,
        [connection, days],
      )
    })
  await fill('con_much', 1_700)
  await fill('con_other', 10)
  assert.equal(await openPostgresRecords(database).erase('env_f90', 'con_much'), 3_400)
  assert.equal(await openPostgresTypedRecords(database).erase('env_f90', 'con_much'), 1_700)
  assert.ok(Math.max(...changed) <= 1_000, `${Math.max(...changed)} rows in one transaction`)
  const left = async (table: string) =>
    testDatabase.database.tenant('env_f90', (sql) =>
      sql(`select distinct connection_id as id, count(*) from ${table} group by 1`),
    )
  assert.deepEqual((await left('observation')).rows, [{ id: 'con_other', count: 20 }])
  assert.deepEqual((await left('record')).rows, [{ id: 'con_other', count: 10 }])
})

test('F90: what was written while nobody swept is forgotten ten thousand rows at a time, and all of it', async () => {
  const { database, changed } = counted(testDatabase.database)
  await testDatabase.database.system((sql) =>
    sql(
      `insert into heartbeat (minute, process) select timestamptz 'epoch' + n * interval '1 minute', 'prc_1' from generate_series(0, 24999) n`,
    ),
  )
  const before = 24_000 * 60_000
  assert.equal(await openPostgresHistory(database).sweep(before), 24_000)
  assert.equal(Math.max(...changed), 10_000)
  const { rows } = await testDatabase.database.system((sql) => sql('select count(*) from heartbeat'))
  assert.deepEqual(rows, [{ count: 1_000 }])
})

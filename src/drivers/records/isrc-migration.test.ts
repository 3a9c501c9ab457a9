import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { codesOf } from '@patchbay/kit'
import pg from 'pg'
import { migrate, readMigrations } from '../database/migrate.ts'
import { openEmptyDatabase } from '../database/test-database.ts'
import { openCapturedLog } from '../log/captured.ts'

const written = [
  'QZEX12600001',
  'qz-ex1-26-00002',
  'ISRC QZ EX1 26 00003; QZEX12600004,none',
  'QZ‐EX1‐26‐00005',
  '1234',
  '',
]

test('an older database: the ISRCs of items that are there are found, however they were written', async (t) => {
  const database = await openEmptyDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-migrations-'))
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  t.after(async () => {
    await client.end()
    rmSync(folder, { recursive: true, force: true })
    await database.drop()
  })
  for (const { name, text } of readMigrations()) if (name < '0020') writeFileSync(join(folder, `${name}.sql`), text)
  const log = openCapturedLog()
  await migrate({ connection: database.url, log, folder })
  // The owner of the tables sees no row of any environment.
  await client.query(`set role patchbay_tenant; set app.environment = 'env_1'`)
  for (const [n, isrc] of written.entries())
    await client.query(
      `insert into item (environment_id, connection_id, id, kind, title, published_at, identifiers, first_seen_at, seen_at)
       values ('env_1', 'con_1', $1, 'track', '', '', $2, $3, $3)`,
      [`t${n}`, JSON.stringify({ isrc }), new Date(0)],
    )
  await client.query('reset role')
  await migrate({ connection: database.url, log })
  await client.query('set role patchbay_tenant')
  const { rows } = await client.query<{ item: string; isrc: string }>('select item, isrc from item_isrc order by isrc')
  assert.deepEqual(
    rows.map(({ item, isrc }) => [item, isrc]),
    written.flatMap((isrc, n) => codesOf({ isrc }, 'isrc').map((code) => [`t${n}`, code])),
  )
  assert.equal(rows.length, 5)
  await client.query('reset role')
  const { rows: forced } = await client.query(
    `select from pg_class where relname in ('item', 'item_isrc', 'account_facts', 'identity_link') and relforcerowsecurity`,
  )
  assert.equal(forced.length, 4, 'row level security binds the owner, too')
})

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import type { Log } from '../../ports/log.ts'
import { migrate, pendingMigrations, readMigrations } from './migrate.ts'
import { openEmptyDatabase } from './test-database.ts'

const one = { '0001-one.sql': 'create table one (id text);' }
const two = { '0002-two.sql': 'create table two (id text); alter table one add column more text;' }

test('migrations run in order, once', async (t) => {
  const { run, pending, query } = await setUp(t)
  assert.deepEqual(await pending({ ...two, ...one }), ['0001-one', '0002-two'])
  assert.deepEqual(await run({ ...two, ...one }), ['0001-one', '0002-two'])
  assert.deepEqual(await run({ ...two, ...one }), [])
  assert.deepEqual(await pending({ ...two, ...one }), [])
  assert.deepEqual(await query('select name, length(sha256) as length from schema_migration order by name'), [
    { name: '0001-one', length: 64 },
    { name: '0002-two', length: 64 },
  ])
})

test('a migration that changed after it ran refuses the start', async (t) => {
  const { run } = await setUp(t)
  await run(one)
  await assert.rejects(
    run({ '0001-one.sql': 'create table one (id text, extra text);', ...two }),
    /0001-one was changed/,
  )
})

test('an older server accepts a database that is ahead of it', async (t) => {
  const { run } = await setUp(t)
  await run({ ...one, ...two })
  assert.deepEqual(await run(one), [])
})

test('a migration that fails leaves nothing, keeps those before it, and says where', async (t) => {
  const { run, query } = await setUp(t)
  const broken = { '0002-two.sql': 'create table two (id text);\n\nselect nonsense;' }
  await assert.rejects(run({ ...one, ...broken }), /0002-two failed and left nothing behind: .*nonsense.*\(line 3\)/)
  assert.deepEqual(await query(`select to_regclass('one')::text as one, to_regclass('two')::text as two`), [
    { one: 'one', two: null },
  ])
  assert.deepEqual(await run({ ...one, ...two }), ['0002-two'])
})

test('of two servers that start together one does the work', async (t) => {
  const { run } = await setUp(t)
  const results = await Promise.all([run({ ...one, ...two }), run({ ...one, ...two })])
  assert.deepEqual(results.flat().sort(), ['0001-one', '0002-two'])
})

test('names and numbers are checked before anything runs', async (t) => {
  const { run } = await setUp(t)
  await assert.rejects(run({ '1-one.sql': '' }), /is called 0001/)
  await assert.rejects(run({ ...one, '0001-again.sql': '' }), /two migrations have the number 0001/)
})

test('the roles of the real migrations may already exist', async (t) => {
  const [roles] = readMigrations()
  assert.equal(roles?.name, '0000-roles')
  const files = { '0000-roles.sql': roles!.text }
  const databases = await Promise.all([setUp(t), setUp(t)])
  await Promise.all(databases.map(({ run }) => run(files)))
  for (const { query } of databases) {
    assert.deepEqual(
      await query(
        `select rolname, rolcanlogin, rolsuper, rolbypassrls from pg_roles where rolname in ('patchbay_tenant', 'patchbay_system') order by 1`,
      ),
      [
        { rolname: 'patchbay_system', rolcanlogin: false, rolsuper: false, rolbypassrls: false },
        { rolname: 'patchbay_tenant', rolcanlogin: false, rolsuper: false, rolbypassrls: false },
      ],
    )
    // Being allowed to become a role is not being it: the owner’s own statements see no rows.
    await query(`insert into isolation_probe values ('a', 'b')`).then(
      () => assert.fail('the owner passed row level security'),
      (error: Error) => assert.match(error.message, /row-level security/),
    )
  }
})

async function setUp(t: TestContext) {
  const { url, drop } = await openEmptyDatabase()
  t.after(drop)
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-migrations-'))
  t.after(() => rmSync(folder, { recursive: true }))
  let count = 0
  const write = (files: Record<string, string>) => {
    const inside = mkdtempSync(join(folder, `${count++}-`))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(inside, name), text)
    return { connection: url, folder: inside, log: silent }
  }
  return {
    run: async (files: Record<string, string>) => migrate(write(files)),
    pending: async (files: Record<string, string>) => pendingMigrations(write(files)),
    async query(text: string) {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      try {
        return (await client.query(text)).rows
      } finally {
        await client.end()
      }
    },
  }
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent }

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { openCapturedLog } from '../log/captured.ts'
import { type LockPatience, migrate, readMigrations, readStanding } from './migrate.ts'
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

test('F86, F97: an older server accepts a database that is ahead of it by additions, and says who replaces it', async (t) => {
  const { run, standing, log } = await setUp(t)
  await run({ ...one, ...two })
  assert.deepEqual(await standing(one), { pending: [], ahead: ['0002-two'] })
  assert.equal(
    log.lines.find(({ event }) => event === 'database.ahead'),
    undefined,
  )
  assert.deepEqual(await run(one), [])
  const said = log.lines.find(({ event }) => event === 'database.ahead')
  assert.match(String(said?.fields.says), /to 0002-two; this one ends at 0001-one\. It goes on.*Whoever deploys/)
})

test('F97: a migration that takes something away is for servers that can do without it, and refuses every other in a sentence', async (t) => {
  const { run, standing, query } = await setUp(t)
  const three = {
    '0003-three.sql': '-- Needs servers from 0002 on: before, they read it.\nalter table one drop column id;',
  }
  await run({ ...one, ...two })
  assert.deepEqual(await standing({ ...one, ...two, ...three }), {
    pending: [{ name: '0003-three', needsFrom: '0002' }],
    ahead: [],
  })
  assert.deepEqual(await run({ ...one, ...two, ...three }), ['0003-three'])
  assert.deepEqual(await run({ ...one, ...two }), [])
  const refused = /0003-three works with servers from 0002 on, and this one ends at 0001-one.*Whoever deploys/
  await assert.rejects(run(one), refused)
  await assert.rejects(standing(one), refused)
  // What this server would have run itself is not run either: the refusal comes first.
  const fork = { '0000-fork.sql': 'create table fork (id text);' }
  await assert.rejects(run({ ...fork, ...one }), refused)
  assert.deepEqual(await query(`select to_regclass('fork')::text as fork`), [{ fork: null }])
  await assert.rejects(run({ '0001-one.sql': '-- Needs servers from 0002 on' }), /come after it/)
})

test('what a migration needs is written down beside what older versions wrote, which had no place for it', async (t) => {
  const { run, query, standing } = await setUp(t)
  await query(
    `create table schema_migration (name text primary key, sha256 text not null, applied_at timestamptz not null)`,
  )
  assert.deepEqual((await standing(one)).pending, [{ name: '0001-one', needsFrom: null }])
  await run({ '0001-one.sql': '-- Needs servers from 0001 on: a reason.' })
  assert.deepEqual(await query('select name, needs_from from schema_migration'), [
    { name: '0001-one', needs_from: '0001' },
  ])
})

// One that waits for the table itself would wait for ever.
test('a migration lets the others pass while somebody holds its table, and gives up in a sentence', {
  timeout: 30_000,
}, async (t) => {
  const { run, hold, log, query } = await setUp(t)
  await run(one)
  const held = await hold('select from one')
  const waits = () => log.lines.filter(({ event }) => event === 'database.migration_waits').length
  const locks = { waitMs: 20, pauseMs: 1, attempts: 2 }
  await assert.rejects(run({ ...one, ...two }, locks), /0002-two did not get the tables.*2 times.*Whoever keeps/)
  assert.equal(waits(), 2)
  assert.deepEqual(await query(`select to_regclass('two')::text as two`), [{ two: null }])
  const running = run({ ...one, ...two }, { ...locks, attempts: 10_000 })
  while (waits() === 2) await query('select from one')
  await held.end()
  assert.deepEqual(await running, ['0002-two'])
})

test('every migration that takes something away says which servers it needs', () => {
  const takesAway =
    /\bdrop (table|column|view|function|schema|type)\b|\brename (to|column)\b|\bset not null\b|\balter column \w+ (set data )?type\b/i
  // These were run before there was a version to be rolled from; a file that was run does not change.
  const before = '0010'
  const silent = readMigrations().filter(
    ({ name, text, needsFrom }) => name >= before && needsFrom === null && takesAway.test(withoutComments(text)),
  )
  assert.deepEqual(
    silent.map(({ name }) => name),
    [],
    'add a line "-- Needs servers from NNNN on: why", or take it away one release later',
  )
  for (const text of ['alter table a drop column b', 'ALTER TABLE a RENAME COLUMN b TO c', 'drop table a'])
    assert.match(text, takesAway)
  assert.doesNotMatch(withoutComments('-- drop table a\ncreate table b (c text not null)'), takesAway)
})

test('F86: a migration that fails leaves nothing, keeps those before it, and says where', async (t) => {
  const { run, query } = await setUp(t)
  const broken = { '0002-two.sql': 'create table two (id text);\n\nselect nonsense;' }
  await assert.rejects(run({ ...one, ...broken }), /0002-two failed and left nothing behind: .*nonsense.*\(line 3\)/)
  assert.deepEqual(await query(`select to_regclass('one')::text as one, to_regclass('two')::text as two`), [
    { one: 'one', two: null },
  ])
  assert.deepEqual(await run({ ...one, ...two }), ['0002-two'])
})

test('F86, F96: of two servers that start together one does the work', async (t) => {
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
  const log = openCapturedLog()
  let count = 0
  const write = (files: Record<string, string>) => {
    const inside = mkdtempSync(join(folder, `${count++}-`))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(inside, name), text)
    return { connection: url, folder: inside, log }
  }
  return {
    log,
    run: async (files: Record<string, string>, locks?: LockPatience) => migrate({ ...write(files), locks }),
    standing: async (files: Record<string, string>) => readStanding(write(files)),
    pending: async (files: Record<string, string>) =>
      (await readStanding(write(files))).pending.map(({ name }) => name),
    /** Somebody in a transaction that looked at something and did not end. */
    async hold(text: string) {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      await client.query(`begin; ${text}`)
      return client
    },
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

function withoutComments(text: string): string {
  return text.replace(/--.*$/gm, '')
}

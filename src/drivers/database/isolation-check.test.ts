import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { silentLog } from '../log/silent.ts'
import { checkIsolation, findIsolationFailures } from './isolation-check.ts'
import { migrate, readMigrations } from './migrate.ts'
import { openEmptyDatabase, openTestDatabase } from './test-database.ts'

const onlyRoles = mkdtempSync(join(tmpdir(), 'patchbay-isolation-'))
writeFileSync(join(onlyRoles, '0000-roles.sql'), readMigrations()[0]!.text)

// Only the roles and the probe, and tables of our own to spoil; as superuser, who may spoil anything, and always rolled back.
let empty: Awaited<ReturnType<typeof openEmptyDatabase>>
let superuser: pg.Client

before(async () => {
  empty = await openEmptyDatabase()
  await migrate({ connection: empty.url, log: silentLog, folder: onlyRoles })
  superuser = new pg.Client({ connectionString: empty.url.replace('//patchbay:', '//postgres:') })
  await superuser.connect()
  await superuser.query(`
    create table note (environment_id text not null, id text not null, text text, primary key (environment_id, id));
    select patchbay_make_tenant_table('note');
    create table due (environment_id text not null, id text not null, primary key (environment_id, id));
    select patchbay_make_system_table('due');
    create table reading (environment_id text not null, id text not null, at timestamptz not null, primary key (environment_id, id, at))
      partition by range (at);
    select patchbay_make_tenant_table('reading');
    create table reading_2025 partition of reading for values from ('2025-01-01') to ('2026-01-01');
    select patchbay_make_tenant_table('reading_2025')`)
})
after(async () => {
  await superuser?.end()
  await empty?.drop()
  rmSync(onlyRoles, { recursive: true })
})

test('the real schema passes', async () => {
  const { url, drop } = await openTestDatabase()
  try {
    await checkIsolation({ connection: url })
  } finally {
    await drop()
  }
})

test('a refusal is readable', async () => {
  const { url, drop } = await openEmptyDatabase()
  try {
    await migrate({ connection: url, log: silentLog, folder: onlyRoles })
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query('create table forgotten (environment_id text)')
    await client.end()
    await assert.rejects(
      checkIsolation({ connection: url }),
      /does not start:\n- the table forgotten .* off\n.*patchbay_make_tenant_table/,
    )
  } finally {
    await drop()
  }
})

const anyone = 'using (true)'
const cases: [what: string, sql: string, failure: RegExp | null][] = [
  ['nothing is wrong', '', null],
  ['row level security is off', 'alter table note disable row level security', /note .* off/],
  ['it is not forced', 'alter table note no force row level security', /note .* not forced/],
  ['it is off on a partition', 'alter table reading_2025 disable row level security', /reading_2025 .* off/],
  ['it is off on a system table', 'alter table due disable row level security', /due .* off/],
  ['a new table was forgotten', 'create table later (environment_id text)', /later .* off/],
  ['a policy is missing', 'drop policy tenant on note', /note has no policy/],
  [
    'a second policy lets everything through',
    `create policy extra on note to patchbay_tenant ${anyone}`,
    /extra of the table note/,
  ],
  ['a policy is for everybody', `create policy extra on note ${anyone}`, /extra of the table note/],
  [
    'a policy for reading only',
    `create policy extra on note for select to patchbay_tenant ${anyone}`,
    /extra of the table note/,
  ],
  [
    'a policy for writing only',
    'create policy extra on note for insert to patchbay_tenant with check (true)',
    /extra of/,
  ],
  ['the policy itself was widened', `alter policy tenant on note ${anyone}`, /tenant of the table note/],
  ['only its check was widened', 'alter policy tenant on note with check (true)', /tenant of the table note/],
  ['the probe’s own policy was widened', `alter policy tenant on isolation_probe ${anyone}`, /tenant of the table/],
  ['a restrictive policy narrows', `create policy narrow on note as restrictive to patchbay_tenant ${anyone}`, null],
  ['the system role sees its own table', `create policy more on due to patchbay_system ${anyone}`, null],
  ['the role is exempt', 'alter role patchbay_tenant bypassrls', /patchbay_tenant must be neither/],
  ['the role is superuser', 'alter role patchbay_tenant superuser', /patchbay_tenant must be neither/],
  ['the system role is exempt', 'alter role patchbay_system bypassrls', /patchbay_system must be neither/],
  [
    'it may become someone who is',
    'create role boss bypassrls; grant boss to patchbay_tenant',
    /role boss must be neither/,
  ],
  ['it owns a table', 'alter table note owner to patchbay_tenant', /patchbay_tenant owns the table note/],
  ['it became the system role', 'grant patchbay_system to patchbay_tenant', /system of the table due/],
  [
    'a partition can be reached directly',
    'grant select on reading_2025 to patchbay_tenant',
    /reading_2025 can be used/,
  ],
  ['a key spans environments', 'create unique index note_text on note (text)', /note_text .* does not begin/],
  [
    'a view shows what its owner sees',
    'create view notes as table note; grant select on notes to patchbay_tenant',
    /view notes/,
  ],
  [
    'a view that asks as the reader',
    'create view notes with (security_invoker = true) as table note; grant select on notes to patchbay_tenant',
    null,
  ],
  [
    'a function runs as its owner',
    `create function peek() returns text language sql security definer as 'select 1'`,
    /peek/,
  ],
  [
    'everything was widened alike',
    ['isolation_probe', 'note', 'due', 'reading']
      .map((table) => `alter policy tenant on ${table} ${anyone} with check (true)`)
      .join(';'),
    /sees a row of another one/,
  ],
  [
    'everything was widened alike, and there are rows',
    `insert into note values ('a', 'b');` +
      ['isolation_probe', 'note', 'due', 'reading']
        .map((table) => `alter policy tenant on ${table} ${anyone} with check (true)`)
        .join(';'),
    /without an environment, rows of note/,
  ],
]

for (const [what, sql, failure] of cases) {
  test(`${failure ? 'refused' : 'fine'}: ${what}`, async () => {
    await superuser.query('begin')
    try {
      await superuser.query(sql)
      const failures = await findIsolationFailures(superuser)
      if (failure) assert.match(failures.join('\n'), failure)
      else assert.deepEqual(failures, [])
    } finally {
      await superuser.query('rollback')
    }
  })
}

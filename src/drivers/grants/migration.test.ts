import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openOlderDatabase } from '../database/test-older-database.ts'

/** A database as it was before grants knew their end, with two grants of one person that two consents in one instant left. */
test('an older database: of two grants of a person the newest keeps the connections, and every end is known', async (t) => {
  const { client, migrate, asTenant } = await openOlderDatabase(t, '0004')
  const grant = (id: string, subject: string, state: string, day: number) =>
    client.query(
      `insert into account_grant (environment_id, id, integration_id, subject_id, subject_name, scopes, access, refresh, generation, state,
         consented_at, refreshed_at, data_access_expires_at, refresh_due_at, attempts)
       values ('env_1', $1, 'int_1', $2, 'A Person', '{}', 'a', 'r', 1, $3, $4, $4, $4::timestamptz + interval '180 days', $4, 0)`,
      [id, subject, state, new Date(Date.UTC(2026, 0, day))],
    )
  const connection = (id: string, grantId: string) =>
    client.query(
      `insert into connection (environment_id, id, profile_id, provider, integration_id, grant_id, account_id, account, inputs, state,
         missing_scopes, state_at, created_at)
       values ('env_1', $1, $1, 'acme', 'int_1', $2, 'acc', '{}', '{}', 'healthy', '{}', $3, $3)`,
      [id, grantId, new Date(0)],
    )
  await asTenant(async () => {
    await grant('gra_old', 'person', 'live', 1)
    await grant('gra_new', 'person', 'unknown', 2)
    await grant('gra_dead', 'person', 'dead', 3)
    for (const id of ['gra_a', 'gra_b']) await grant(id, '', 'live', 1)
    await connection('con_1', 'gra_old')
    await connection('con_2', 'gra_new')
  })

  const done = await migrate()
  assert.ok(done.includes('0004-grant-life'))
  const { rows: grants } = await asTenant(() =>
    client.query(
      `select id, state, refresh, generation, ends_at - consented_at = interval '180 days' as ends, ends_at - warn_due_at = interval '14 days' as warned
     from account_grant order by id`,
    ),
  )
  const untouched = { state: 'live', refresh: 'r', generation: 1, ends: true, warned: true }
  assert.deepEqual(grants, [
    { id: 'gra_a', ...untouched },
    { id: 'gra_b', ...untouched },
    { id: 'gra_dead', ...untouched, state: 'dead', ends: null, warned: null },
    { id: 'gra_new', ...untouched, state: 'unknown' },
    { id: 'gra_old', state: 'revoked', refresh: null, generation: 2, ends: true, warned: null },
  ])
  const { rows: connections } = await asTenant(() => client.query('select id, grant_id from connection order by id'))
  assert.deepEqual(connections, [
    { id: 'con_1', grant_id: 'gra_new' },
    { id: 'con_2', grant_id: 'gra_new' },
  ])
  const { rows: forced } = await client.query(
    `select relname from pg_class where relname in ('account_grant', 'connection', 'incident') and relforcerowsecurity order by relname`,
  )
  assert.equal(forced.length, 3, 'row level security binds the owner again')
  await assert.rejects(
    asTenant(() => grant('gra_second', 'person', 'live', 4)),
    /account_grant_person/,
  )
})

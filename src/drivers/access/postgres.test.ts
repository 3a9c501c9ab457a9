import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { accessContract, exampleKey } from '../../ports/access.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresJournal } from '../journal/postgres.ts'
import { openPostgresAccess } from './postgres.ts'

accessContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { access: openPostgresAccess(database), journal: openPostgresJournal(database), close: drop }
})

test('what another process revoked is found revoked at once: whoever remembers keys says for how long', async () => {
  const { database, drop } = await openTestDatabase()
  const [here, there] = [openPostgresAccess(database), openPostgresAccess(database)]
  const key = exampleKey('env_a', 'key_1')
  await here.createKey(key, { at: 1, actor: 'system' })
  assert.equal((await here.findKey(key.hash))?.revokedAt, null)
  await there.revokeKey(key.environmentId, key.id, { at: 40, actor: 'system' })
  assert.equal((await here.findKey(key.hash))?.revokedAt, 40)
  await drop()
})

test('one that is claimed anew in the moment in which it would be forgotten is kept', async () => {
  const { database, url, drop } = await openTestDatabase()
  const other = new pg.Client({ connectionString: url })
  await other.connect()
  try {
    const access = openPostgresAccess(database)
    const claim = (at: number, goodUntil: number) =>
      access.begin('env_a', 'k', { hash: 'a', at, staleBefore: at, goodUntil })
    await claim(1, 100)
    await other.query(`begin; set local role patchbay_tenant; select set_config('app.environment', 'env_a', true)`)
    await other.query(`update idempotency set good_until = to_timestamp(1000) where key = 'k'; reset role`)
    const forgotten = access.forgetUses('env_a', 100)
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    for (let looked = 0; (await other.query(waiting)).rowCount === 0; looked++) assert.ok(looked < 10_000)
    await other.query('commit')
    assert.equal(await forgotten, 0)
    assert.deepEqual(await claim(2, 200), { state: 'new', again: true })
  } finally {
    await other.end()
    await drop()
  }
})

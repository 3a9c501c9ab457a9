import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { inboxContract, message } from '../../ports/inbox.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { countWaiting, openPostgresInbox } from './postgres.ts'

inboxContract('postgres', async () => {
  const { database, drop } = await openTestDatabase()
  return { inbox: openPostgresInbox(database), close: drop }
})

test('to count a few of many that wait, little is read but those', async () => {
  const world = await openTestDatabase()
  const owner = new pg.Client({ connectionString: world.url })
  await owner.connect()
  try {
    await owner.query(`set role patchbay_tenant; set app.environment = 'env_full';
      insert into message (environment_id, id, integration_id, provider, dedupe, headers, body, received_at, state, due_at)
      select 'env_full', 'msg_' || n, 'int_1', 'acme', n, '{}', '', to_timestamp(n), 'received', to_timestamp(n)
      from generate_series(1, 8000) n`)
    await owner.query(`reset role; analyze message; set role patchbay_tenant`)
    const { rows } = await owner.query(`explain (analyze, buffers, format json) ${countWaiting}`, ['env_full', 100])
    const { Plan: plan } = rows[0]['QUERY PLAN'][0]
    const pages = plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
    // All of them are more than a hundred.
    assert.ok(pages < 20, `${pages} pages`)
    assert.deepEqual(await openPostgresInbox(world.database).waiting('env_full', { limit: 100 }), {
      count: 100,
      since: 1_000,
    })
  } finally {
    await owner.end()
    await world.drop()
  }
})

test('F90: what is about an account is erased in pieces, and one that was broken off goes on when it is begun again', async (t) => {
  const { database, drop } = await openTestDatabase()
  t.after(drop)
  const inbox = openPostgresInbox(database)
  const ids = Array.from({ length: 5_000 }, (_, n) => `m${n}`)
  await inbox.store(ids.map((id) => message('env_much', id, { accounts: ['A'] })))
  let pieces = 0
  const breaking: typeof database = {
    ...database,
    tenant(...one) {
      if (++pieces === 2) throw new Error('Connection terminated unexpectedly')
      return database.tenant(...one)
    },
  }
  const count = async () => (await inbox.list('env_much', { limit: 9_999 })).length
  const erase = () => openPostgresInbox(breaking).erase('env_much', 'int_1', 'A')
  await assert.rejects(erase(), /terminated/)
  assert.equal(await count(), 3_000)
  assert.equal(await erase(), 3_000)
  assert.deepEqual([pieces, await count()], [4, 0])
})

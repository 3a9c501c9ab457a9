import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { inboxContract } from '../../ports/inbox.contract.ts'
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

import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { connectionsContract, exampleConnection } from '../../ports/connections.contract.ts'
import { exampleGrant } from '../../ports/grants.contract.ts'
import { readTraces } from '../along/test-traces.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresGrants } from '../grants/postgres.ts'
import { openPostgresConnections } from './postgres.ts'

connectionsContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return {
    ...{ connections: openPostgresConnections(database), grants: openPostgresGrants(database) },
    traces: (environmentId) => readTraces(database, environmentId),
    close: drop,
  }
})

test('who renews a grant is waited for, and then its connection is not told any more that it is over', async () => {
  const { database, url, drop } = await openTestDatabase()
  const owner = new pg.Client({ connectionString: url })
  await owner.connect()
  try {
    const [connections, grants] = [openPostgresConnections(database), openPostgresGrants(database)]
    const along = { at: 1, actor: 'system' } as const
    await grants.create(exampleGrant('env_1', 'gra_1', { state: 'dead' }), along)
    await connections.create(exampleConnection('env_1', 'con_1', { grantId: 'gra_1' }), along)
    await owner.query(`begin; set local role patchbay_tenant; set local app.environment = 'env_1';
      update account_grant set state = 'live', generation = generation + 1`)
    const grant = { id: 'gra_1', states: ['dead'], generation: 1 } as const
    const change = { from: ['pending'], to: 'needs_reauth', reason: 'refused', grant } as const
    let isThrough = false
    const moved = connections.move('env_1', 'con_1', change, along).finally(() => {
      isThrough = true
    })
    const isWaiting = async () => {
      const { rows } = await owner.query('select from pg_locks where not granted')
      return rows.length > 0
    }
    while (!isThrough && !(await isWaiting()));
    await owner.query('commit')
    assert.equal(await moved, false)
    assert.equal((await connections.read('env_1', 'con_1'))!.state, 'pending')
  } finally {
    await owner.end()
    await drop()
  }
})

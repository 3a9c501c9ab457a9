import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessContract, exampleKey } from '../../ports/access.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresAccess } from './postgres.ts'

accessContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { access: openPostgresAccess(database), close: drop }
})

test('what another process revoked is found revoked at once: whoever remembers keys says for how long', async () => {
  const { database, drop } = await openTestDatabase()
  const [here, there] = [openPostgresAccess(database), openPostgresAccess(database)]
  const key = exampleKey('env_a', 'key_1')
  await here.createKey(key)
  assert.equal((await here.findKey(key.hash))?.revokedAt, null)
  await there.revokeKey(key.environmentId, key.id, 40)
  assert.equal((await here.findKey(key.hash))?.revokedAt, 40)
  await drop()
})

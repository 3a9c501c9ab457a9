import { dataKeysContract } from '../../ports/data-keys.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresDataKeys } from './postgres.ts'

dataKeysContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { dataKeys: openPostgresDataKeys(database), close: drop }
})

import { accessContract } from '../../ports/access.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresAccess } from './postgres.ts'

accessContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { access: openPostgresAccess(database), close: drop }
})

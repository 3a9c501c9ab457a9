import { flowsContract } from '../../ports/flows.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresFlows } from './postgres.ts'

flowsContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { flows: openPostgresFlows(database), close: drop }
})

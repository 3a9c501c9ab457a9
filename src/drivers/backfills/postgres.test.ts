import { backfillsContract } from '../../ports/backfills.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresBackfills } from './postgres.ts'

backfillsContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { backfills: openPostgresBackfills(database), close: drop }
})

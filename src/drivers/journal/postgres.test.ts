import { journalContract } from '../../ports/journal.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresJournal } from './postgres.ts'

journalContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { journal: openPostgresJournal(database), close: drop }
})

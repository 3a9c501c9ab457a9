import { noticesContract } from '../../ports/notices.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresJournal } from '../journal/postgres.ts'
import { openPostgresNotices } from './postgres.ts'

noticesContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { notices: openPostgresNotices(database), journal: openPostgresJournal(database), close: drop }
})

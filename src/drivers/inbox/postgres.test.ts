import { inboxContract } from '../../ports/inbox.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresInbox } from './postgres.ts'

inboxContract('postgres', async () => {
  const { database, drop } = await openTestDatabase()
  return { inbox: openPostgresInbox(database), close: drop }
})

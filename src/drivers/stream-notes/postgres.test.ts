import { streamNotesContract } from '../../ports/stream-notes.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresStreamNotes } from './postgres.ts'

streamNotesContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { streamNotes: openPostgresStreamNotes(database), close: drop }
})

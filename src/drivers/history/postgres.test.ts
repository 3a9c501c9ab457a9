import { historyContract } from '../../ports/history.contract.ts'
import { openPostgresConnections } from '../connections/postgres.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresJournal } from '../journal/postgres.ts'
import { openPostgresHistory } from './postgres.ts'

historyContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return {
    history: openPostgresHistory(database),
    journal: openPostgresJournal(database),
    connections: openPostgresConnections(database),
    close: drop,
  }
})

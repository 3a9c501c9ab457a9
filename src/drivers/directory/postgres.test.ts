import { directoryContract } from '../../ports/directory.contract.ts'
import { readTraces } from '../along/test-traces.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresJournal } from '../journal/postgres.ts'
import { openPostgresDirectory } from './postgres.ts'

directoryContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return {
    directory: openPostgresDirectory(database),
    journal: openPostgresJournal(database),
    traces: (environmentId) => readTraces(database, environmentId),
    close: drop,
  }
})

import { directoryContract } from '../../ports/directory.contract.ts'
import { readTraces } from '../along/test-traces.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresDirectory } from './postgres.ts'

directoryContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return {
    directory: openPostgresDirectory(database),
    traces: (environmentId) => readTraces(database, environmentId),
    close: drop,
  }
})

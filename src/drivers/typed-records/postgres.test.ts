import { typedRecordsContract } from '../../ports/typed-records.contract.ts'
import { readTraces } from '../along/test-traces.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresTypedRecords } from './postgres.ts'

typedRecordsContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return {
    records: openPostgresTypedRecords(database),
    traces: (environmentId) => readTraces(database, environmentId),
    close: drop,
  }
})

import { alongContract } from '../../ports/along.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { writeAlong } from './postgres.ts'
import { readTraces } from './test-traces.ts'

alongContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return {
    write: (environmentId, along) => database.tenant(environmentId, (sql) => writeAlong(sql, environmentId, along)),
    traces: (environmentId) => readTraces(database, environmentId),
    close: drop,
  }
})

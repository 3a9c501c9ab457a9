import { definitionsContract } from '../../ports/definitions.contract.ts'
import { readTraces } from '../along/test-traces.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresDefinitions } from './postgres.ts'

definitionsContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return {
    definitions: openPostgresDefinitions(database),
    traces: (environmentId) => readTraces(database, environmentId),
    close: drop,
  }
})

import { grantsContract } from '../../ports/grants.contract.ts'
import { readTraces } from '../along/test-traces.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresGrants } from './postgres.ts'

grantsContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return {
    grants: openPostgresGrants(database),
    traces: (environmentId) => readTraces(database, environmentId),
    close: drop,
  }
})

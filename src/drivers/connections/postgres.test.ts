import { connectionsContract } from '../../ports/connections.contract.ts'
import { readTraces } from '../along/test-traces.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresConnections } from './postgres.ts'

connectionsContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return {
    connections: openPostgresConnections(database),
    traces: (environmentId) => readTraces(database, environmentId),
    close: drop,
  }
})

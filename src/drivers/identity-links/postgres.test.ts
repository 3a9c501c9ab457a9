import { identityLinksContract } from '../../ports/identity-links.contract.ts'
import { readTraces } from '../along/test-traces.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresIdentityLinks } from './postgres.ts'

identityLinksContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return {
    identityLinks: openPostgresIdentityLinks(database),
    traces: (environmentId) => readTraces(database, environmentId),
    close: drop,
  }
})

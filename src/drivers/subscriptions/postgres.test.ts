import { subscriptionsContract } from '../../ports/subscriptions.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresSubscriptions } from './postgres.ts'

subscriptionsContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { subscriptions: openPostgresSubscriptions(database), close: drop }
})

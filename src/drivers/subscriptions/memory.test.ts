import { subscriptionsContract } from '../../ports/subscriptions.contract.ts'
import { openMemorySubscriptions } from './memory.ts'

subscriptionsContract('in memory', async () => ({
  subscriptions: openMemorySubscriptions(),
  close: async () => {},
}))

import { inboxContract } from '../../ports/inbox.contract.ts'
import { openMemoryInbox } from './memory.ts'

inboxContract('memory', async () => ({ inbox: openMemoryInbox(), close: async () => {} }))

import { accessContract } from '../../ports/access.contract.ts'
import { openMemoryAccess } from './memory.ts'

accessContract('in memory', async () => ({ access: openMemoryAccess(), close: async () => {} }))

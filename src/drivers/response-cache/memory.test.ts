import { responseCacheContract } from '../../ports/response-cache.contract.ts'
import { openMemoryResponseCache } from './memory.ts'

responseCacheContract('in memory', async () => ({
  open: async (limits) => openMemoryResponseCache(limits),
  close: async () => {},
}))

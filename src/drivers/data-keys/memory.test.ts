import { dataKeysContract } from '../../ports/data-keys.contract.ts'
import { openMemoryDataKeys } from './memory.ts'

dataKeysContract('in memory', async () => ({ dataKeys: openMemoryDataKeys(), close: async () => {} }))

import { flowsContract } from '../../ports/flows.contract.ts'
import { openMemoryFlows } from './memory.ts'

flowsContract('in memory', async () => ({ flows: openMemoryFlows(), close: async () => {} }))

import { grantsContract } from '../../ports/grants.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { tracesOf } from '../along/test-traces.ts'
import { openMemoryGrants } from './memory.ts'

grantsContract('in memory', async () => {
  const log = new AlongLog()
  return {
    grants: openMemoryGrants(log),
    traces: async (environmentId) => tracesOf(log, environmentId),
    close: async () => {},
  }
})

import { connectionsContract } from '../../ports/connections.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { tracesOf } from '../along/test-traces.ts'
import { openMemoryGrants } from '../grants/memory.ts'
import { openMemoryConnections } from './memory.ts'

connectionsContract('in memory', async () => {
  const log = new AlongLog()
  const grants = openMemoryGrants(log)
  return {
    ...{ grants, connections: openMemoryConnections(log, grants.now) },
    traces: async (environmentId) => tracesOf(log, environmentId),
    close: async () => {},
  }
})

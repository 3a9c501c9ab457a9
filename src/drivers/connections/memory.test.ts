import { connectionsContract } from '../../ports/connections.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { tracesOf } from '../along/test-traces.ts'
import { openMemoryConnections } from './memory.ts'

connectionsContract('in memory', async () => {
  const log = new AlongLog()
  return {
    connections: openMemoryConnections(log),
    traces: async (environmentId) => tracesOf(log, environmentId),
    close: async () => {},
  }
})

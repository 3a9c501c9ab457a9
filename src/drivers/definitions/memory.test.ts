import { definitionsContract } from '../../ports/definitions.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { tracesOf } from '../along/test-traces.ts'
import { openMemoryDefinitions } from './memory.ts'

definitionsContract('in memory', async () => {
  const log = new AlongLog()
  return {
    definitions: openMemoryDefinitions(log),
    traces: async (environmentId) => tracesOf(log, environmentId),
    close: async () => {},
  }
})

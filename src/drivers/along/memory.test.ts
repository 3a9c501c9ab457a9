import { alongContract } from '../../ports/along.contract.ts'
import { AlongLog } from './memory.ts'
import { tracesOf } from './test-traces.ts'

alongContract('in memory', async () => {
  const log = new AlongLog()
  return {
    write: async (environmentId, along) => log.write(environmentId, along),
    traces: async (environmentId) => tracesOf(log, environmentId),
    close: async () => {},
  }
})

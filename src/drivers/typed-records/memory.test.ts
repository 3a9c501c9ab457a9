import { typedRecordsContract } from '../../ports/typed-records.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { tracesOf } from '../along/test-traces.ts'
import { openMemoryTypedRecords } from './memory.ts'

typedRecordsContract('in memory', async () => {
  const log = new AlongLog()
  return {
    records: openMemoryTypedRecords(log),
    traces: async (environmentId) => tracesOf(log, environmentId),
    close: async () => {},
  }
})

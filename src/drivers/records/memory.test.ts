import { recordsContract } from '../../ports/records.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { tracesOf } from '../along/test-traces.ts'
import { openMemoryRecords } from './memory.ts'

recordsContract('in memory', async () => {
  const log = new AlongLog()
  return {
    records: openMemoryRecords(log),
    traces: async (environmentId) => tracesOf(log, environmentId),
    close: async () => {},
  }
})

import { directoryContract } from '../../ports/directory.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { tracesOf } from '../along/test-traces.ts'
import { openMemoryJournal } from '../journal/memory.ts'
import { openMemoryDirectory } from './memory.ts'

directoryContract('in memory', async () => {
  const log = new AlongLog()
  return {
    directory: openMemoryDirectory(log),
    journal: openMemoryJournal(log),
    traces: async (environmentId) => tracesOf(log, environmentId),
    close: async () => {},
  }
})

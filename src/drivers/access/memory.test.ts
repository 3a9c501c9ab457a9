import { accessContract } from '../../ports/access.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { openMemoryJournal } from '../journal/memory.ts'
import { openMemoryAccess } from './memory.ts'

accessContract('in memory', async () => {
  const log = new AlongLog()
  return { access: openMemoryAccess(log), journal: openMemoryJournal(log), close: async () => {} }
})

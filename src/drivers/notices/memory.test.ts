import { noticesContract } from '../../ports/notices.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { openMemoryJournal } from '../journal/memory.ts'
import { openMemoryNotices } from './memory.ts'

noticesContract('in memory', async () => {
  const log = new AlongLog()
  return { notices: openMemoryNotices(log), journal: openMemoryJournal(log), close: async () => {} }
})

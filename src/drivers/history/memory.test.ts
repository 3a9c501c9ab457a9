import { historyContract } from '../../ports/history.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { openMemoryConnections } from '../connections/memory.ts'
import { openMemoryJournal } from '../journal/memory.ts'
import { openMemoryHistory } from './memory.ts'

historyContract('in memory', async () => {
  const log = new AlongLog()
  const world = { journal: openMemoryJournal(log), connections: openMemoryConnections(log) }
  return { ...world, history: openMemoryHistory(world), close: async () => {} }
})

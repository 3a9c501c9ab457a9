import { journalContract } from '../../ports/journal.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { openMemoryJournal } from './memory.ts'

journalContract('in memory', async () => ({ journal: openMemoryJournal(new AlongLog()), close: async () => {} }))

import { streamNotesContract } from '../../ports/stream-notes.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { openMemoryStreamNotes } from './memory.ts'

streamNotesContract('in memory', async () => ({
  streamNotes: openMemoryStreamNotes(new AlongLog()),
  close: async () => {},
}))

import { backfillsContract } from '../../ports/backfills.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { openMemoryBackfills } from './memory.ts'

backfillsContract('in memory', async () => ({
  backfills: openMemoryBackfills(new AlongLog()),
  close: async () => {},
}))

import { deliveriesContract } from '../../ports/deliveries.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { openMemoryJournal } from '../journal/memory.ts'
import { openMemoryDeliveries } from './memory.ts'

deliveriesContract('in memory', async () => {
  const log = new AlongLog()
  return { deliveries: openMemoryDeliveries(log), journal: openMemoryJournal(log), close: async () => {} }
})

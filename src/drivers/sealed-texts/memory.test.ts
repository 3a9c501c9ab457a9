import { sealedTextsContract } from '../../ports/sealed-texts.contract.ts'
import { openMemoryAccess } from '../access/memory.ts'
import { AlongLog } from '../along/memory.ts'
import { openMemoryDataKeys } from '../data-keys/memory.ts'
import { openMemoryDeliveries } from '../deliveries/memory.ts'
import { openMemoryDirectory } from '../directory/memory.ts'
import { openMemoryFlows } from '../flows/memory.ts'
import { openMemoryGrants } from '../grants/memory.ts'
import { openMemoryNotices } from '../notices/memory.ts'
import { openMemorySealedTexts } from './memory.ts'

sealedTextsContract('in memory', async () => {
  const log = new AlongLog()
  const stores = {
    access: openMemoryAccess(),
    directory: openMemoryDirectory(log),
    flows: openMemoryFlows(),
    grants: openMemoryGrants(log),
    notices: openMemoryNotices(log),
    deliveries: openMemoryDeliveries(log),
  }
  const sealedTexts = openMemorySealedTexts(Object.values(stores))
  return { ...stores, sealedTexts, dataKeys: openMemoryDataKeys({ log, texts: sealedTexts }), close: async () => {} }
})

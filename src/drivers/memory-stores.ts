import { openMemoryAccess } from './access/memory.ts'
import { AlongLog } from './along/memory.ts'
import { openMemoryBackfills } from './backfills/memory.ts'
import { openMemoryConnections } from './connections/memory.ts'
import { openMemoryDataKeys } from './data-keys/memory.ts'
import { openMemoryDefinitions } from './definitions/memory.ts'
import { openMemoryDeliveries } from './deliveries/memory.ts'
import { openMemoryDirectory } from './directory/memory.ts'
import { openMemoryFlows } from './flows/memory.ts'
import { openMemoryGrants } from './grants/memory.ts'
import { openMemoryHistory } from './history/memory.ts'
import { openMemoryIdentityLinks } from './identity-links/memory.ts'
import { openMemoryInbox } from './inbox/memory.ts'
import { openMemoryJournal } from './journal/memory.ts'
import { openMemoryNotices } from './notices/memory.ts'
import { openMemoryRecords } from './records/memory.ts'
import { openMemorySchedule } from './schedule/memory.ts'
import { openMemorySealedTexts } from './sealed-texts/memory.ts'
import { openMemoryStreamNotes } from './stream-notes/memory.ts'
import { openMemorySubscriptions } from './subscriptions/memory.ts'
import { openMemoryTypedRecords } from './typed-records/memory.ts'

/** Everything that a database keeps, in memory. `along` is what was written along with changes, in all of them. */
export function openMemoryStores() {
  const along = new AlongLog()
  const sealing = {
    access: openMemoryAccess(along),
    directory: openMemoryDirectory(along),
    grants: openMemoryGrants(along),
    flows: openMemoryFlows(),
    notices: openMemoryNotices(along),
    deliveries: openMemoryDeliveries(along),
  }
  const sealedTexts = openMemorySealedTexts(Object.values(sealing))
  const [journal, connections] = [openMemoryJournal(along), openMemoryConnections(along, sealing.grants.now)]
  const stores = {
    ...sealing,
    sealedTexts,
    dataKeys: openMemoryDataKeys({ texts: sealedTexts }),
    connections,
    definitions: openMemoryDefinitions(along),
    records: openMemoryRecords(along),
    schedule: openMemorySchedule(),
    streamNotes: openMemoryStreamNotes(along),
    backfills: openMemoryBackfills(along),
    journal,
    identityLinks: openMemoryIdentityLinks(along),
    inbox: openMemoryInbox(),
    typedRecords: openMemoryTypedRecords(along),
    subscriptions: openMemorySubscriptions(),
    history: openMemoryHistory({ journal, connections }),
  }
  return { along, stores }
}

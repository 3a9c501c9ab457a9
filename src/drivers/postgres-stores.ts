import type { Database } from '../ports/database.ts'
import { openPostgresAccess } from './access/postgres.ts'
import { openPostgresBackfills } from './backfills/postgres.ts'
import { openPostgresConnections } from './connections/postgres.ts'
import { openPostgresDataKeys } from './data-keys/postgres.ts'
import { openPostgresDefinitions } from './definitions/postgres.ts'
import { openPostgresDeliveries } from './deliveries/postgres.ts'
import { openPostgresDirectory } from './directory/postgres.ts'
import { openPostgresFlows } from './flows/postgres.ts'
import { openPostgresGrants } from './grants/postgres.ts'
import { openPostgresHistory } from './history/postgres.ts'
import { openPostgresIdentityLinks } from './identity-links/postgres.ts'
import { openPostgresInbox } from './inbox/postgres.ts'
import { openPostgresJournal } from './journal/postgres.ts'
import { openPostgresNotices } from './notices/postgres.ts'
import { openPostgresRecords } from './records/postgres.ts'
import { openPostgresSchedule } from './schedule/postgres.ts'
import { openPostgresSealedTexts } from './sealed-texts/postgres.ts'
import { openPostgresStreamNotes } from './stream-notes/postgres.ts'
import { openPostgresSubscriptions } from './subscriptions/postgres.ts'
import { openPostgresTypedRecords } from './typed-records/postgres.ts'

/** Everything that a server keeps, in one database. */
export const openPostgresStores = (database: Database) => ({
  access: openPostgresAccess(database),
  connections: openPostgresConnections(database),
  dataKeys: openPostgresDataKeys(database),
  deliveries: openPostgresDeliveries(database),
  definitions: openPostgresDefinitions(database),
  directory: openPostgresDirectory(database),
  flows: openPostgresFlows(database),
  grants: openPostgresGrants(database),
  history: openPostgresHistory(database),
  identityLinks: openPostgresIdentityLinks(database),
  inbox: openPostgresInbox(database),
  journal: openPostgresJournal(database),
  notices: openPostgresNotices(database),
  records: openPostgresRecords(database),
  schedule: openPostgresSchedule(database),
  sealedTexts: openPostgresSealedTexts(database),
  streamNotes: openPostgresStreamNotes(database),
  backfills: openPostgresBackfills(database),
  typedRecords: openPostgresTypedRecords(database),
  subscriptions: openPostgresSubscriptions(database),
})

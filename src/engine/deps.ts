import type { Access } from '../ports/access.ts'
import type { Backfills } from '../ports/backfills.ts'
import type { Clock } from '../ports/clock.ts'
import type { Connections } from '../ports/connections.ts'
import type { Definitions } from '../ports/definitions.ts'
import type { Deliveries } from '../ports/deliveries.ts'
import type { Directory } from '../ports/directory.ts'
import type { Flows } from '../ports/flows.ts'
import type { Grants } from '../ports/grants.ts'
import type { History } from '../ports/history.ts'
import type { IdentityLinks } from '../ports/identity-links.ts'
import type { Inbox } from '../ports/inbox.ts'
import type { Jobs } from '../ports/jobs.ts'
import type { Journal } from '../ports/journal.ts'
import type { DataKeys, Keys } from '../ports/keys.ts'
import type { Limiter } from '../ports/limiter.ts'
import type { Log } from '../ports/log.ts'
import type { Messenger } from '../ports/messenger.ts'
import type { Network } from '../ports/network.ts'
import type { Notices } from '../ports/notices.ts'
import type { Random } from '../ports/random.ts'
import type { Receivers } from '../ports/receivers.ts'
import type { Records } from '../ports/records.ts'
import type { ResponseCache } from '../ports/response-cache.ts'
import type { Schedule } from '../ports/schedule.ts'
import type { SealedTexts } from '../ports/sealed-texts.ts'
import type { StreamNotes } from '../ports/stream-notes.ts'
import type { Subscriptions } from '../ports/subscriptions.ts'
import type { TypedRecords } from '../ports/typed-records.ts'
import type { Providers } from './definitions/providers.ts'
import type { CostCards } from './quota/reading-costs.ts'

/** Everything the engine asks of the world. `main.ts` fills it with drivers; a simulation fills it with pretend ones. */
export interface Deps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** By the environment's mode: `test` reaches the sandbox at every provider's address, `live` the real hosts. */
  readonly networks: Readonly<Record<'test' | 'live', Network>>
  readonly limiter: Limiter
  readonly jobs: Jobs
  readonly keys: Keys
  readonly dataKeys: DataKeys
  readonly sealedTexts: SealedTexts
  readonly access: Access
  readonly definitions: Definitions
  readonly directory: Directory
  readonly connections: Connections
  readonly grants: Grants
  readonly flows: Flows
  readonly records: Records
  readonly schedule: Schedule
  readonly streamNotes: StreamNotes
  readonly backfills: Backfills
  readonly journal: Journal
  readonly identityLinks: IdentityLinks
  readonly inbox: Inbox
  readonly typedRecords: TypedRecords
  readonly subscriptions: Subscriptions
  readonly history: History
  readonly notices: Notices
  /** Of platforms, for callers who are content with one that was given before. */
  readonly responses: ResponseCache
  /** Reaches real people in `test` environments too: whoever sets up a channel there wants to see it work. */
  readonly messenger: Messenger
  readonly deliveries: Deliveries
  readonly receivers: Receivers
}

/** What every part of the engine knows besides the world. */
export interface Setting {
  readonly providers: Providers
  /** Where browsers reach this server: `http://127.0.0.1:4400`, no slash at the end. */
  readonly publicUrl: string
  /** Where browsers may be sent back to after connecting, exactly. Besides those only this server, and in `test` the browser's own machine. */
  readonly returnUrls?: readonly string[]
  /** Where browsers find the pages of `test` environments' platforms: the real `https://HOST/PATH` is `sandboxUrl/HOST/PATH`. Absent in a simulation. */
  readonly sandboxUrl?: string
  /** What readings cost where nothing was measured yet. */
  readonly costCards?: CostCards
}

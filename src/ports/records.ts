import type { AccountFacts, Audience, Item, Json, NullReason, Observation } from '@patchbay/kit'
import type { Along } from './along.ts'
import type { Instant } from './clock.ts'

/** Where a stream of a connection stands: where its last complete run ended, and where an unfinished one stopped. */
export interface Place {
  readonly connectionId: string
  readonly stream: string
  readonly cursor: Json | null
  readonly checkpoint: Json | null
  readonly savedAt: Instant | null
}

/** What one page gave for one connection: rows, place and events are one transaction. */
export interface SavedPage {
  readonly connectionId: string
  readonly stream: string
  /** Its place is kept under this name, and the stream's own stays where it is. */
  readonly walk?: string
  readonly runId: string
  readonly observations: readonly Observation[]
  readonly items: readonly Item[]
  readonly audiences: readonly Audience[]
  /** Who the account is elsewhere, as this stream says; undefined leaves it as it is. */
  readonly facts?: AccountFacts
  readonly removed: readonly string[]
  readonly refused: readonly { readonly what: string; readonly why: string }[]
  /** Undefined leaves it as it is; null clears it. */
  readonly checkpoint?: Json | null
  readonly cursor?: Json | null
}

/** How many observations were new, replaced an older value, or said nothing new (and wrote nothing). `items`: how many were written. */
export interface Saved {
  readonly inserted: number
  readonly restated: number
  readonly unchanged: number
  readonly items: number
  readonly refused: number
}

/** What a save changed for one connection: what its events are made from. Lists hold the first 100. */
export interface Change {
  readonly connectionId: string
  readonly inserted: number
  readonly restated: number
  /** Restatements proper: values of days that were over when they were read, and gave way to another one all the same. */
  readonly replaced: readonly {
    readonly metric: string
    readonly item: string | null
    readonly day: string
    readonly timezone: string
    readonly before: number | null
    readonly after: number | null
  }[]
  /** Items never seen before. */
  readonly newItems: readonly Item[]
  /** Ids of items that were there and are gone. */
  readonly removedItems: readonly string[]
}

/** A stored value. `day` is a day in `timezone`. */
export interface StoredObservation {
  readonly connectionId: string
  readonly stream: string
  /** The item's platform id, or null for the account itself. */
  readonly item: string | null
  readonly metric: string
  readonly day: string
  readonly timezone: string
  readonly dimensions: Readonly<Record<string, string>>
  readonly value: number | null
  readonly reason: NullReason | null
  readonly provenance: string
  readonly native: string
  readonly version: string | null
  readonly final: boolean
  /** When we read it. */
  readonly observedAt: Instant
  readonly runId: string
  /** How many earlier values of the same key are kept. */
  readonly revision: number
}

export interface StoredItem extends Item {
  readonly connectionId: string
  readonly firstSeenAt: Instant
  /** Kept to the day. */
  readonly seenAt: Instant
  readonly removedAt: Instant | null
}

/** What one stream said of an account. */
export interface StoredFacts extends AccountFacts {
  readonly connectionId: string
  readonly stream: string
  /** Kept to the day. */
  readonly seenAt: Instant
}

/** How many ISRCs a connection's items have, and how many of those that were asked for. */
export interface SharedIsrcs {
  readonly connectionId: string
  readonly shared: number
  readonly all: number
}

export interface StoredAudience extends Audience {
  readonly connectionId: string
  readonly observedAt: Instant
}

export interface SeriesQuery {
  readonly connections: readonly string[]
  /** Every metric when empty. */
  readonly metrics: readonly string[]
  /** First and last day, both included. */
  readonly from?: string
  readonly to?: string
  /** Absent: the accounts themselves. `*`: every item. */
  readonly item?: string
  /** Only the newest day of each series. */
  readonly latest?: boolean
  readonly limit: number
}

/** What a value is the value of. */
export interface ObservationKey {
  readonly connectionId: string
  readonly metric: string
  /** Null for the account itself. */
  readonly item: string | null
  readonly dimensions: Readonly<Record<string, string>>
  readonly day: string
}

/** One step of a walk over everything that one connection has, however much that is. */
export interface ScanQuery {
  readonly connectionId: string
  /** Every metric when absent. */
  readonly metric?: string
  readonly from?: string
  readonly to?: string
  /** As in `SeriesQuery`; null: accounts and items alike. */
  readonly item?: string | null
  /** The last row of the step before. */
  readonly after?: Omit<ObservationKey, 'connectionId'>
  readonly limit: number
}

/** A row that could not be read, with how often it was met. Of each stream of a connection the thousand that were met last are kept. */
export interface RefusedRow {
  readonly connectionId: string
  readonly stream: string
  readonly what: string
  readonly why: string
  /** The last run that met it. */
  readonly runId: string
  readonly firstAt: Instant
  readonly at: Instant
  readonly times: number
}

/** Observations, items and audiences, and where each stream stands. */
export interface Records {
  /**
   * Everything of all pages and their events in one transaction. The same page twice changes nothing. A value that differs from the stored one of
   * its key replaces it and the old one is kept as a revision, unless it was read (`along.at`) before the stored one: an older reading never
   * overwrites a newer one. Of two values of one key in one call the last counts. `along` may depend on what changed (connections in which nothing
   * did are left out); it is then called inside the transaction, perhaps twice, and must have no other effect.
   */
  save(
    environmentId: string,
    pages: readonly SavedPage[],
    along: Along | { readonly at: Instant; readonly of: (changes: readonly Change[]) => Along },
  ): Promise<Saved>
  places(environmentId: string, keys: readonly { connectionId: string; stream: string }[]): Promise<Place[]>
  /** Clears checkpoints, and cursors too when `all`: the next run reads from the start. */
  forgetPlaces(environmentId: string, connectionId: string, options: { stream?: string; all: boolean }): Promise<void>
  /** Deletes places from which nothing goes on any more. Returns how many there were. */
  removePlaces(
    environmentId: string,
    keys: readonly { readonly connectionId: string; readonly stream: string }[],
  ): Promise<number>
  /** Ordered by connection, metric, item, dimensions, day. */
  series(environmentId: string, query: SeriesQuery): Promise<StoredObservation[]>
  /** The newest value of each of these metrics of each of these items, without those that are split by something. Ordered by connection, item and metric. */
  newest(
    environmentId: string,
    query: {
      readonly items: readonly { readonly connectionId: string; readonly id: string }[]
      readonly metrics: readonly string[]
    },
  ): Promise<StoredObservation[]>
  /**
   * In the order of metric, item, dimensions and day. Each step is a look into an index and no long transaction: what is saved between two steps may be
   * in the second one, but no row comes twice and none that was there all the time is left out.
   */
  scan(environmentId: string, query: ScanQuery): Promise<StoredObservation[]>
  /** Every value that one key ever had, newest first: the one that counts now and those that it replaced. Only revisions below `before`. */
  history(
    environmentId: string,
    key: ObservationKey,
    page: { readonly before?: number; readonly limit: number },
  ): Promise<StoredObservation[]>
  /**
   * Newest published first. `except`: of every kind but that one. `withIsrc`: only those that have a valid one. `after` is the last one of the page before
   * as it was there: what became of it since changes nothing of where the next one begins.
   */
  items(
    environmentId: string,
    query: {
      connections: readonly string[]
      kind?: string
      except?: string
      withIsrc?: boolean
      after?: Pick<StoredItem, 'publishedAt' | 'connectionId' | 'id'>
      limit: number
    },
  ): Promise<StoredItem[]>
  /** The newest period of each population and set of dimensions. */
  audiences(environmentId: string, connections: readonly string[]): Promise<StoredAudience[]>
  /** By connection and stream. */
  facts(environmentId: string, connections: readonly string[]): Promise<StoredFacts[]>
  /** Of the items of a connection, each once, in the order of their letters. */
  isrcs(environmentId: string, connectionId: string, limit: number): Promise<string[]>
  /** Which connections of the environment have items with these ISRCs, however they are written: those that share most first, then by id. */
  sharing(environmentId: string, query: { isrcs: readonly string[]; limit: number }): Promise<SharedIsrcs[]>
  /** Deletes everything of a connection, earlier values and places too. Returns how many rows. */
  erase(environmentId: string, connectionId: string): Promise<number>
  /** Rows that were refused, last met first. */
  refusedRows(
    environmentId: string,
    query: { connections: readonly string[]; stream?: string; limit: number },
  ): Promise<RefusedRow[]>
}

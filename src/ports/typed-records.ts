import type { Json, RecordKind } from '@patchbay/kit'
import type { Along } from './along.ts'
import type { Instant } from './clock.ts'

/** One state of a thing that a provider told of: a mention, a message, a lead, a payment. */
export interface NewTypedRecord {
  readonly connectionId: string
  readonly kind: RecordKind
  /** The provider's id of the thing, or a hash of what it said. */
  readonly key: string
  /** Of the row, should it be new. */
  readonly id: string
  readonly data: Json
  /** When it was so, by the provider's clock; when it came in where the provider says nothing. */
  readonly at: Instant
  readonly removed: boolean
  /** Which message told of it. */
  readonly messageId: string
}

export interface TypedRecord extends NewTypedRecord {
  readonly firstSeenAt: Instant
  readonly seenAt: Instant
}

export interface TypedRecordChange {
  readonly was: 'created' | 'changed'
  readonly record: TypedRecord
}

export interface TypedRecords {
  /**
   * Of several states of a thing the newest counts, in whatever order they are saved: by `at`, at the same time one that says it is gone, then the
   * one of the later message. The same again changes nothing. `along` is made from what changed, inside the transaction, perhaps twice. Returns how
   * many changed.
   */
  save(
    environmentId: string,
    records: readonly NewTypedRecord[],
    along: { readonly at: Instant; readonly of: (changes: readonly TypedRecordChange[]) => Along },
  ): Promise<number>
  /** Deletes all of a connection. Returns how many. */
  erase(environmentId: string, connectionId: string): Promise<number>
  /** Newest first. Those that are gone only when asked for. */
  list(
    environmentId: string,
    query: {
      readonly kind: RecordKind
      readonly connections?: readonly string[]
      readonly removed?: boolean
      readonly before?: string
      readonly limit: number
    },
  ): Promise<TypedRecord[]>
}

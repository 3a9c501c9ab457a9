import type { Along } from './along.ts'
import type { Instant } from './clock.ts'

/** How much one whole reading brought: numbers of the account itself, and rows about its items. */
export interface Volume {
  readonly own: number
  readonly items: number
}

/** Why what a stream brings is not believed, since when, and in how many readings in a row. */
export interface Doubt {
  readonly kind: 'zeros' | 'nothing' | 'little' | 'vanished'
  readonly says: string
  readonly since: Instant
  readonly times: number
}

/** A metric, by the provider's own name, that the platform does not give although it is asked for with others that it gives. */
export interface RefusedMetric {
  readonly name: string
  readonly why: string
  readonly since: Instant
  /** Then it is asked for once more. */
  readonly retryAt: Instant
}

/** What is remembered of a stream of a connection from one reading to the next, besides its place and its turn. */
export interface StreamNote {
  readonly connectionId: string
  readonly stream: string
  /** When the account's own numbers last moved by much. */
  readonly movedAt: Instant | null
  /** When the newest item that it ever brought was published. */
  readonly publishedAt: Instant | null
  /** The account's own numbers as they were last read, by metric. */
  readonly heads: Readonly<Record<string, number>>
  /** When that was. */
  readonly headsAt: Instant | null
  /** What the last reading took of each quota. */
  readonly spent: Readonly<Record<string, number>>
  /** Of the last whole readings, the newest last. */
  readonly volumes: readonly Volume[]
  readonly doubt: Doubt | null
  readonly refused: readonly RefusedMetric[]
}

export const emptyNote = (connectionId: string, stream: string): StreamNote => ({
  connectionId,
  stream,
  movedAt: null,
  publishedAt: null,
  heads: {},
  headsAt: null,
  spent: {},
  volumes: [],
  doubt: null,
  refused: [],
})

/** An interval that somebody chose for a connection, why and until when. */
export interface ChosenCadence {
  /** `1h`, `6h`, `1d`. */
  readonly every: string
  readonly reason: string
  readonly by: string
  readonly at: Instant
  readonly until: Instant
}

/** What decides how often a connection is read, besides its streams. */
export interface Attention {
  readonly connectionId: string
  /** When somebody last looked at its numbers. */
  readonly lookedAt: Instant | null
  readonly chosen: ChosenCadence | null
}

/** Which fields the answers to a stream have, over all connections of an app. */
export interface AnswerShape {
  readonly integrationId: string
  readonly stream: string
  /** Runs that were looked at. */
  readonly runs: number
  /** Each field's path, in how many of these runs it was met, and how many in a row came without it. */
  readonly fields: Readonly<Record<string, readonly [met: number, missedInARow: number]>>
}

/** Notes on streams, connections and answers, for whoever reads next. */
export interface StreamNotes {
  /** In the order of the keys; an empty one where nothing was noted. */
  notes(environmentId: string, keys: readonly { connectionId: string; stream: string }[]): Promise<StreamNote[]>
  /** Replaces; each stream of a connection at most once. */
  note(environmentId: string, notes: readonly StreamNote[], along?: Along): Promise<void>
  /** In the order of the ids. */
  attention(environmentId: string, connectionIds: readonly string[]): Promise<Attention[]>
  /** Somebody looked at them. Writes, and names, only those at which nobody had looked since `since`. */
  look(
    environmentId: string,
    connectionIds: readonly string[],
    options: { readonly at: Instant; readonly since: Instant },
  ): Promise<string[]>
  choose(environmentId: string, connectionId: string, chosen: ChosenCadence | null, along: Along): Promise<void>
  /** Null before the first. */
  shape(environmentId: string, integrationId: string, stream: string): Promise<AnswerShape | null>
  /** Replaces. */
  saveShape(environmentId: string, shape: AnswerShape, along?: Along): Promise<void>
  /** Deletes what is noted of a connection. Returns how many rows. */
  erase(environmentId: string, connectionId: string): Promise<number>
}

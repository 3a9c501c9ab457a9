/**
 * A provider's limit, as data. Every number has a source, and a guess says that it is one.
 * Windows: `windowMs` rolls with the clock; `day` is a calendar day in that zone (23, 24 or 25 hours long).
 */
export interface Quota {
  /** Unique within the provider. `general` when it has only one. */
  readonly id: string
  /** What the limit is counted for: one bucket an app, a grant's user, an account, or an address of ours. */
  readonly per: 'app' | 'user' | 'account' | 'ip'
  readonly limit: number
  readonly window: { readonly rollingMs: number } | { readonly day: string } | { readonly concurrent: true }
  /** What is counted, for people: `units`, `calls`. */
  readonly unit?: string
  /** Only under these integration settings: `{ mode: 'extended' }`. */
  readonly when?: Readonly<Record<string, string>>
  /** `developer.spotify.com/…`, or `guess: why`. */
  readonly source: string
}

/**
 * What one call takes from which quota. The first rule that fits counts; without one, 1 from `general` and from each quota that no rule names (a quota that
 * only rules name is for those calls).
 */
export interface Cost {
  /** `GET youtube.googleapis.com/youtube/v3/search`: method and host/path prefix, `{name}` matches one segment. */
  readonly call: string
  /** Quota id → amount. An empty object is free. */
  readonly takes: Readonly<Record<string, number>>
  readonly source?: string
}

/** What an answer's headers say about a quota. It may only tighten what we know. */
export interface QuotaSignal {
  readonly quota: string
  /** Share of the limit that is used, 0–1. */
  readonly used?: number
  readonly remaining?: number
  /** Nothing more before this many milliseconds from the answer. */
  readonly waitMs?: number
}

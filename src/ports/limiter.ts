import type { Instant } from './clock.ts'
import type { Lane } from './schedule.ts'

/** One bucket that a call draws from. */
export interface Draw {
  /** `provider/integration/quota[/account]`: whoever shares the provider's limit shares the bucket. */
  readonly bucket: string
  readonly amount: number
  readonly limit: number
  /** Rolling: that many milliseconds. Fixed: from `startsAt` to `endsAt`, a calendar day already worked out. Concurrent: until settled. */
  readonly window:
    | { readonly rollingMs: number }
    | { readonly startsAt: Instant; readonly endsAt: Instant }
    | { readonly concurrent: true }
}

export type Taken =
  | { readonly granted: true; readonly ticket: string }
  /** Nothing was taken. `waitMs` is when it may be worth asking again; `bucket` is what holds it back. */
  | { readonly granted: false; readonly waitMs: number; readonly bucket: string }

export interface Usage {
  readonly bucket: string
  readonly used: number
  readonly limit: number
  readonly parkedUntil: Instant | null
  readonly resetsAt: Instant | null
}

/**
 * A ticket that nobody settles (its process died) is over after so long: longer than any call may take. A rolling window then counts it from
 * there, a calendar day keeps it.
 */
export const ticketMs = 150_000

/** May I spend this now, or when? */
export interface Limiter {
  /**
   * All or none; each bucket at most once. Lanes other than interactive leave a reserve of a tenth of each limit, except that an empty bucket
   * always lets one call through. An amount of 0 only asks whether the bucket is parked. Throws RangeError for more than the limit, which no wait would help.
   */
  take(draws: readonly Draw[], options: { now: Instant; lane: Lane }): Promise<Taken>
  /**
   * The call ended at `at`. A rolling window counts it from then, since the provider counted it somewhere between sending and answering and only the
   * later end is sure to be out of its window when it is out of ours. A day counts it when it ended after the day began, so that a call over
   * midnight counts in both. `sent: false` gives everything back. A second time, or after `ticketMs`, nothing happens. With `amount` so much of each
   * draw has ended, and the rest is still under way.
   */
  settle(ticket: string, options: { at: Instant; sent: boolean; amount?: number }): Promise<void>
  /** The provider said stop: nothing from this bucket before `until`, whoever asks; another process may take a second to hear of it. Never shortens an earlier one. */
  park(bucket: string, until: Instant): Promise<void>
  /** The buckets that are parked at `now`, and until when. */
  stops(now: Instant): Promise<ReadonlyMap<string, Instant>>
  /** The provider said how much is used; counts only if it is more than we know. What is not ours leaves a rolling window when the window is over. Nothing is learned about concurrency. */
  learn(draw: Omit<Draw, 'amount'>, used: number, now: Instant): Promise<void>
  /** Buckets that start with the prefix and are in use or parked, by name. `resetsAt`: when all of it is free again if nothing more is taken; null where that cannot be told. */
  usage(prefix: string, now: Instant): Promise<Usage[]>
  /** Where it may be decided in more than one way: how it is right now, in words for the operator. */
  standing?(): string
  /** Where it does not forget by itself: drops up to a thousand draws that count no more. Returns how many. */
  sweep?(now: Instant): Promise<number>
}

/** A limiter whose tickets may be held for longer than a call takes. */
export interface Renewing {
  /** Those of the tickets that are not over are as if they had been taken at `now`. Returns which. */
  renew(tickets: readonly string[], now: Instant): Promise<ReadonlySet<string>>
}

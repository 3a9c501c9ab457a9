import type { Instant } from './clock.ts'

/** Whose answers: what one connection was told is never looked for on behalf of another. */
export interface ResponsePlace {
  readonly environmentId: string
  readonly connectionId: string
}

/**
 * Answers of platforms that may be given again, as sealed texts. Whatever is in it may be gone at any time, and nothing depends on its being there. It stays
 * within its limits by itself: a connection that has too much begins anew, and when all have, those go whose last answer was kept longest ago.
 */
export interface ResponseCache {
  /** What was put there and is good beyond `now`; null for anything else. */
  get(place: ResponsePlace, name: string, now: Instant): Promise<string | null>
  /** A text of one byte a character, for `longestKeptMs` at most. One that is too long by itself is not kept. */
  put(place: ResponsePlace, name: string, text: string, times: { now: Instant; until: Instant }): Promise<void>
  /** Everything of that connection. */
  forget(place: ResponsePlace): Promise<void>
}

/** Nothing is kept for longer. */
export const longestKeptMs = 24 * 60 * 60 * 1000

export interface ResponseLimits {
  /** Of one connection. */
  readonly placeBytes: number
  /** Of all together. */
  readonly allBytes: number
}

export const responseLimits: ResponseLimits = { placeBytes: 4 * 1024 * 1024, allBytes: 64 * 1024 * 1024 }

import type { Instant } from './clock.ts'

/** Whose answers: what one connection was told is never looked for on behalf of another. */
export interface ResponsePlace {
  readonly environmentId: string
  readonly connectionId: string
}

/**
 * Answers of platforms that may be given again, as sealed texts. Whatever is in it may be gone at any time, and nothing depends on its being there. It stays
 * within its limits by itself: a connection that has too much begins anew, and when all have, those go whose last answer was kept longest ago.
 *
 * Of each place there is an epoch, which ends when the place is forgotten. Whoever keeps an answer says in which one they began to ask for it: an answer
 * from before a write is not kept after it, whichever process wrote.
 */
export interface ResponseCache {
  /** What was put there and is good beyond `now`, null for anything else; and the epoch of now, null where nothing can be kept at present. */
  get(place: ResponsePlace, name: string, now: Instant): Promise<{ text: string | null; epoch: Epoch | null }>
  /** A text of one byte a character, for `longestKeptMs` at most. False, and nothing is kept, when it is too long by itself or the epoch is over. */
  put(
    place: ResponsePlace,
    name: string,
    text: string,
    times: { now: Instant; until: Instant; epoch: Epoch },
  ): Promise<boolean>
  /** Everything of that connection. Its epoch is over. */
  forget(place: ResponsePlace): Promise<void>
}

/** Of one place no two are alike. One may be lost, and is over then. */
export type Epoch = string

/** Nothing is kept for longer. */
export const longestKeptMs = 24 * 60 * 60 * 1000

export interface ResponseLimits {
  /** Of one connection. */
  readonly placeBytes: number
  /** Of all together. */
  readonly allBytes: number
}

export const responseLimits: ResponseLimits = { placeBytes: 4 * 1024 * 1024, allBytes: 64 * 1024 * 1024 }

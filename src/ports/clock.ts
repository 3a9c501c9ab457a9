/** A moment, in milliseconds since 1970 UTC. */
export type Instant = number

/** What time it is, and how to wait. The only source of both in the engine. */
export interface Clock {
  now(): Instant
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. Waits longer than an hour belong in the schedule, not here. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

import type { Instant } from './clock.ts'

/** Background work that several processes share. At least once: a handler may run twice and must not mind. */
export interface Jobs {
  start(): Promise<void>
  /** Waits for running handlers, at most `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>
  /** `key`: while one with the same key waits, another is not added. Returns false then. */
  send(
    queue: string,
    data: Readonly<Record<string, unknown>>,
    options?: { at?: Instant; key?: string },
  ): Promise<boolean>
  /** Handles jobs of a queue, `concurrency` at once. A handler that throws is retried `retries` times with growing waits, then the job is kept as dead. */
  work(
    queue: string,
    options: { concurrency: number; retries: number },
    handler: (data: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<void>,
  ): Promise<void>
  /** Sends an empty job at every time of the cron expression (UTC), once over all processes. */
  cron(queue: string, expression: string): Promise<void>
}

import type { Environment } from './directory.ts'

/** What a receiver answered. */
export interface ReceiverAnswer {
  readonly status: number
  readonly retryAfter: string | undefined
  /** The `Date` of the answer. */
  readonly date: string | undefined
  /** The beginning of its body, as text. */
  readonly text: string
}

/**
 * Servers that an application named to take its events. What is reached depends on the mode of the environment, as the operator's rules have it.
 * Redirects are not followed, since they would lead around those.
 */
export interface Receivers {
  /** Throws a NetworkFailure `blocked` for an address that is not asked in any case. What a name leads to shows when it is asked. */
  check(mode: Environment['mode'], url: string): void
  /** Posts once and waits a bounded time for the answer. Throws a NetworkFailure when there was none. */
  post(
    mode: Environment['mode'],
    request: { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: string },
    signal?: AbortSignal,
  ): Promise<ReceiverAnswer>
}

/** How much of an answer's body is kept. */
export const mostResponseChars = 1_000

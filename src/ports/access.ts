import type { Along } from './along.ts'
import type { Instant } from './clock.ts'

/** An application's key. Only its hash is stored. */
export interface AccessKey {
  readonly id: string
  readonly environmentId: string
  readonly hash: string
  readonly name: string
  /** The first characters, to recognise it by. */
  readonly hint: string
  readonly scopes: readonly string[]
  readonly createdAt: Instant
  readonly expiresAt: Instant | null
  readonly lastUsedAt: Instant | null
  readonly revokedAt: Instant | null
}

/** What an idempotency key was first used for. */
export type Replay =
  /** `again`: the same request was begun before, and nobody knows how that ended. */
  | { readonly state: 'new'; readonly again: boolean }
  | { readonly state: 'running' }
  | { readonly state: 'differs' }
  | { readonly state: 'done'; readonly status: number; readonly body: unknown }

/** Who may call the API, and which calls were already made. */
export interface Access {
  createKey(key: AccessKey, along: Along): Promise<void>
  /** Before the environment is known, by hash. */
  findKey(hash: string): Promise<AccessKey | null>
  keys(environmentId: string): Promise<AccessKey[]>
  /** False when there is none that still works: then nothing is written. */
  revokeKey(environmentId: string, id: string, along: Along): Promise<boolean>
  touchKey(environmentId: string, id: string, at: Instant): Promise<void>
  /** Claims an idempotency key for a request of that hash, until `goodUntil`; a `running` one older than `staleBefore` is claimed anew. */
  begin(
    environmentId: string,
    key: string,
    request: { hash: string; at: Instant; staleBefore: Instant; goodUntil: Instant },
  ): Promise<Replay>
  /** Keeps the answer of who claimed the key at that instant, or gives it back without one. Nothing when somebody else has claimed it since. */
  end(
    environmentId: string,
    key: string,
    claimedAt: Instant,
    answer: { status: number; body: unknown } | null,
  ): Promise<void>
  /**
   * Forgets idempotency keys that are good no more, whatever became of their requests, up to `mostForgotten` of them. Says how many: with as many there may be
   * more.
   */
  forgetUses(environmentId: string, now: Instant): Promise<number>
}

/** As many as are forgotten at once: with each goes a copy of an answer. */
export const mostForgotten = 1_000

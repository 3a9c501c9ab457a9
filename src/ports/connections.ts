import type { Account } from '@patchbay/kit'
import type { Along } from './along.ts'
import type { Instant } from './clock.ts'
import type { GrantState } from './grants.ts'

/**
 * pending → healthy ⇄ degraded(reason) → needs_reauth(reason) → healthy | revoked | disconnected, plus paused.
 * `pending`: made, nothing read yet. `degraded`: works in part (a scope is missing, the provider is down). `needs_reauth`: a person must consent
 * again, said only after a confirmed answer of the provider. `revoked`: taken back at the provider. `disconnected`: by us, for good.
 */
export type ConnectionState =
  | 'pending'
  | 'healthy'
  | 'degraded'
  | 'needs_reauth'
  | 'revoked'
  | 'disconnected'
  | 'paused'

/** The edges of that drawing. Every other change is refused by the store. */
export const connectionEdges: Readonly<Record<ConnectionState, readonly ConnectionState[]>> = {
  pending: ['healthy', 'degraded', 'needs_reauth', 'revoked', 'disconnected', 'paused'],
  healthy: ['degraded', 'needs_reauth', 'revoked', 'disconnected', 'paused'],
  degraded: ['healthy', 'needs_reauth', 'revoked', 'disconnected', 'paused', 'degraded'],
  needs_reauth: ['healthy', 'degraded', 'revoked', 'disconnected', 'needs_reauth'],
  revoked: ['healthy', 'degraded', 'disconnected'],
  paused: ['healthy', 'degraded', 'pending', 'needs_reauth', 'revoked', 'disconnected'],
  disconnected: [],
}

/** In these states a connection is read. */
export const activeStates: readonly ConnectionState[] = ['pending', 'healthy', 'degraded']
/** In these it is not, and what blocks its streams has the same name. */
export const inactiveStates: ReadonlySet<string> = new Set(['needs_reauth', 'revoked', 'disconnected', 'paused'])

export interface Connection {
  readonly id: string
  readonly environmentId: string
  readonly profileId: string
  readonly provider: string
  readonly integrationId: string
  readonly grantId: string
  readonly account: Account
  /** Answers to the provider's `inputs`. */
  readonly inputs: Readonly<Record<string, string>>
  readonly state: ConnectionState
  /** Why, as a fault code or a word of ours: `lost_response`, `connection.revoked`, `missing_scope`. */
  readonly reason: string | null
  readonly missingScopes: readonly string[]
  readonly stateAt: Instant
  readonly createdAt: Instant
}

/** That a grant is in one of these states, of whatever generation or of this one. */
export interface GrantStanding {
  readonly id: string
  readonly states: readonly GrantState[]
  readonly generation?: number
}

/** One row of a connection's history. */
export interface Transition {
  readonly connectionId: string
  readonly from: ConnectionState | null
  readonly to: ConnectionState
  readonly reason: string | null
  readonly actor: string
  readonly at: Instant
}

export interface Connections {
  /** `exists` when this profile already has that account of that integration and is not disconnected: then nothing was written. */
  create(connection: Connection, along: Along): Promise<{ created: true } | { created: false; exists: Connection }>
  read(environmentId: string, id: string): Promise<Connection | null>
  /** Newest id last, after `after`. Disconnected ones only when asked for by state. */
  list(
    environmentId: string,
    page: {
      after?: string
      limit: number
      profile?: string
      provider?: string
      state?: ConnectionState
      /** Why it stands so. */
      reason?: string
      /** In its state since then or later. */
      stateSince?: Instant
      grant?: string
      integration?: string
      account?: string
      /** Of any of these. */
      accounts?: readonly string[]
      /** Whose account the platform calls so elsewhere. */
      otherId?: string
      ids?: readonly string[]
    },
  ): Promise<Connection[]>
  /**
   * Moves along a declared edge, if the connection still is in one of `from` and, where one is named, reached through that grant as it stands. False when it
   * is not: somebody else was quicker. Who changes the grant at the same time comes before this, which sees it, or after it. Writes the transition.
   */
  move(
    environmentId: string,
    id: string,
    change: {
      from: readonly ConnectionState[]
      to: ConnectionState
      reason: string | null
      grant?: GrantStanding
      missingScopes?: readonly string[]
    },
    along: Along,
  ): Promise<boolean>
  /** After a reconnect: the new grant, account details and missing scopes, state untouched. */
  update(
    environmentId: string,
    id: string,
    change: Partial<Pick<Connection, 'grantId' | 'account' | 'inputs' | 'missingScopes'>>,
    along: Along,
  ): Promise<void>
  /** Newest first. */
  transitions(environmentId: string, id: string, limit: number): Promise<Transition[]>
  /** By state, of all or of one integration. */
  count(environmentId: string, of?: { integration?: string }): Promise<Partial<Record<ConnectionState, number>>>
}

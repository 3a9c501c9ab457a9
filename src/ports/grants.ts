import type { Along } from './along.ts'
import type { Instant } from './clock.ts'

/**
 * `live`: usable. `unknown`: a refresh was asked and its answer lost; the same token is tried again promptly.
 * `dead`: the provider confirmed that it no longer takes it. `revoked`: we gave it back.
 */
export type GrantState = 'live' | 'unknown' | 'dead' | 'revoked'

/** Sealed secrets of a grant. Their additional data binds them to environment, grant, field and generation. */
export interface GrantSecrets {
  readonly access: string | null
  readonly refresh: string | null
  /** Kept until the new one was used once. */
  readonly previousRefresh: string | null
}

/** One consent at a provider. */
export interface Grant extends GrantSecrets {
  readonly id: string
  readonly environmentId: string
  /** The integration that minted it is the only one that may refresh it. */
  readonly integrationId: string
  readonly subject: { readonly id: string; readonly name: string }
  readonly scopes: readonly string[]
  /** Counts up with each new set of tokens. */
  readonly generation: number
  readonly state: GrantState
  readonly cause: string | null
  readonly consentedAt: Instant
  readonly refreshedAt: Instant
  readonly accessExpiresAt: Instant | null
  readonly refreshExpiresAt: Instant | null
  readonly dataAccessExpiresAt: Instant | null
  /** When the background looks whether it is to be renewed; null when nothing needs it. */
  readonly refreshDueAt: Instant | null
  /** When it ends unless a person consents again; null while it renews itself. */
  readonly endsAt: Instant | null
  /** When that is next to be warned of; null when there is nothing to warn of, or nothing left. */
  readonly warnDueAt: Instant | null
  readonly leaseId: string | null
  readonly leaseUntil: Instant | null
  /** Failed refreshes in a row. */
  readonly attempts: number
}

export interface Grants {
  /** False when that person has a usable grant of that integration already (F64): then nothing was written. */
  create(grant: Grant, along: Along): Promise<boolean>
  read(environmentId: string, id: string): Promise<Grant | null>
  /** The live grant of that person at that integration, newest first. Nobody has one: grants that were brought may not know whose they are. */
  findBySubject(environmentId: string, integrationId: string, subjectId: string): Promise<Grant | null>
  /** The ids of all grants that person ever gave to that integration, whatever became of them; of more than a thousand the first. */
  idsOfSubject(environmentId: string, integrationId: string, subjectId: string): Promise<string[]>
  /**
   * Compare-and-swap: takes the refresh lease if the generation is still that one, the grant may be refreshed and no lease runs. Counts the attempt.
   * With `dead`, a dead grant may be taken too, for one more look.
   */
  lease(
    environmentId: string,
    id: string,
    want: { generation: number; leaseId: string; now: Instant; until: Instant; dead?: boolean },
  ): Promise<boolean>
  /**
   * New tokens, if the generation is still that one: generation + 1, lease cleared, state live, attempts 0. Fenced by the generation alone, so that a
   * late winner whose lease ran out still stores good tokens; where they were `askedUnder` a lease, that of somebody who asks meanwhile
   * goes on, so that nobody asks beside them. False when it moved, or when the person has another usable grant there: own leases end all the same.
   */
  commit(
    environmentId: string,
    id: string,
    generation: number,
    next: GrantSecrets &
      Pick<
        Grant,
        | 'scopes'
        | 'refreshedAt'
        | 'accessExpiresAt'
        | 'refreshExpiresAt'
        | 'dataAccessExpiresAt'
        | 'refreshDueAt'
        | 'endsAt'
        | 'warnDueAt'
      > &
      Partial<Pick<Grant, 'consentedAt' | 'subject'>> & { readonly askedUnder?: string },
    along: Along,
  ): Promise<boolean>
  /**
   * Ends a failed refresh of that generation: state, cause, when to try again. Clears the lease if it is still ours. False when the generation moved, where
   * nothing but our lease is cleared, or when the person has another usable grant there and this one would become a second.
   */
  release(
    environmentId: string,
    id: string,
    generation: number,
    outcome: { leaseId: string; state: GrantState; cause: string | null; refreshDueAt: Instant | null },
    along: Along,
  ): Promise<boolean>
  /** Ends every lease of the environment: whoever held them is known to be dead. They are not given back, so that it shows that something was broken off. */
  endLeases(environmentId: string, now: Instant): Promise<number>
  /**
   * Gives up the secrets for good (disconnect). The row stays, without tokens and one generation on, so that a refresh in flight cannot revive it. Where a
   * `generation` is given, only if it is still that one: somebody may have consented anew meanwhile. False when it moved.
   */
  forget(
    environmentId: string,
    id: string,
    state: 'revoked' | 'dead',
    along: Along,
    generation?: number,
  ): Promise<boolean>
  /** Grants of every environment whose background refresh is due and that nobody leases, most urgent first. */
  due(now: Instant, limit: number): Promise<{ environmentId: string; id: string }[]>
  /**
   * A later look at a grant that needs no renewing now, if it still is as it was seen and no lease runs: whoever lost an answer meanwhile has said when to ask
   * again. It has not failed: attempts 0.
   */
  postpone(
    environmentId: string,
    id: string,
    seen: Pick<Grant, 'generation' | 'state' | 'refreshDueAt'>,
    next: { now: Instant; refreshDueAt: Instant | null },
  ): Promise<boolean>
  /** Usable grants of every environment whose end is to be warned of, soonest first. */
  expiring(now: Instant, limit: number): Promise<{ environmentId: string; id: string }[]>
  /** Moves the next warning on, if it is still that one, with what goes along: of many who notice one tells. False when it moved. */
  warn(
    environmentId: string,
    id: string,
    warning: { dueAt: Instant; nextAt: Instant | null },
    along: Along,
  ): Promise<boolean>
}

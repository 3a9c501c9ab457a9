import type { Instant } from './clock.ts'

export const subscriptionStates = ['missing', 'asked', 'active'] as const
/**
 * What is known of the platform's side. `missing`: it does not tell us, as far as we know. `asked`: it was asked and has not confirmed. `active`: it
 * confirmed. missing → asked → active; active → missing when it was found to be gone, or the owner consented anew.
 */
export type SubscriptionState = (typeof subscriptionStates)[number]

/** What is to be: that a platform tells of one connection’s account. */
export interface WantedSubscription {
  /** Of the row, should it be new. */
  readonly id: string
  readonly connectionId: string
  readonly integrationId: string
  readonly provider: string
  /** The account at the platform, and what the subscription to it is called there. */
  readonly account: string
  readonly topic: string
  readonly kinds: readonly string[]
}

/** One a connection: what is wanted, and how it stands. */
export interface Subscription extends WantedSubscription {
  readonly environmentId: string
  /** False while it has to be ended. The row goes when it is. */
  readonly wanted: boolean
  readonly state: SubscriptionState
  /** What the platform said it tells of, when it was last asked; null while it never was. */
  readonly actual: readonly string[] | null
  /** When it ends by itself; null for never. */
  readonly until: Instant | null
  /** When something has to be done about it. */
  readonly dueAt: Instant
  /** How often in a row something was tried and did not succeed. */
  readonly attempts: number
  readonly fault: string | null
  /** How often it was found to be otherwise than it had been confirmed. */
  readonly drifts: number
  readonly askedAt: Instant | null
  readonly confirmedAt: Instant | null
  readonly checkedAt: Instant | null
  readonly createdAt: Instant
}

export type SubscriptionChange = Partial<
  Pick<
    Subscription,
    'state' | 'actual' | 'until' | 'dueAt' | 'attempts' | 'fault' | 'drifts' | 'askedAt' | 'confirmedAt' | 'checkedAt'
  >
>

/** Subscriptions at platforms. A change names what it changes and leaves the rest, so that a confirmation is not overwritten by who asked for it. */
export interface Subscriptions {
  /**
   * Makes those that are not there, due now. Of one that is there, what is wanted is set; it is due now when that is new, and begins anew (`missing`)
   * with `again`.
   */
  want(
    environmentId: string,
    wanted: readonly WantedSubscription[],
    options: { now: Instant; again?: boolean },
  ): Promise<void>
  /** Those of these connections have to end, due now. Returns how many were wanted until then. */
  unwant(environmentId: string, connectionIds: readonly string[], now: Instant): Promise<number>
  /** Due ones of all environments, the longest due first; not due for others until `until`. */
  claim(options: { now: Instant; until: Instant; limit: number }): Promise<Subscription[]>
  /** Null when it is gone. */
  change(environmentId: string, id: string, change: SubscriptionChange): Promise<Subscription | null>
  /** Makes these due. Returns how many there are. */
  hasten(environmentId: string, ids: readonly string[], now: Instant): Promise<number>
  remove(environmentId: string, id: string): Promise<void>
  ofTopic(environmentId: string, integrationId: string, topic: string): Promise<Subscription[]>
  /** By id, so the oldest first. */
  list(
    environmentId: string,
    query: {
      readonly limit: number
      readonly after?: string
      readonly provider?: string
      readonly connections?: readonly string[]
    },
  ): Promise<Subscription[]>
}

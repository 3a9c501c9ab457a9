import type { Instant } from './clock.ts'

export type Lane = 'interactive' | 'webhook' | 'scheduled' | 'backfill'

/** A stream of a connection, and when it is due. */
export interface Slot {
  readonly environmentId: string
  readonly connectionId: string
  readonly provider: string
  readonly integrationId: string
  readonly stream: string
  readonly everyMs: number
  readonly dueAt: Instant
  readonly lane: Lane
  /** Failed runs in a row. */
  readonly failures: number
  /** Not planned until that is mended: `missing_scope`, `needs_reauth`, `paused`, `unsupported`. */
  readonly blocked: string | null
  /** Who holds it, until when. A claim that runs out may be taken by anybody. */
  readonly claim: string | null
  readonly claimedUntil: Instant | null
  readonly lastRunId: string | null
  readonly lastEndedAt: Instant | null
  /** When a run last ended without a fault, whatever came after. */
  readonly syncedAt: Instant | null
  readonly lastFault: string | null
  /** The quota that held the last reading back, where it was one that is known by name. */
  readonly lastQuota: string | null
}

/** What a reading ended with that was put off because of a quota. */
export const quotaFaults: readonly string[] = ['provider.throttled', 'provider.exhausted', 'setup.budget']
/** The same, and what is still being made: to wait for either is what was planned, and no failure. */
export const waitFaults: readonly string[] = [...quotaFaults, 'provider.pending']

/** A slot as its new holder gets it. */
export interface ClaimedSlot extends Slot {
  /** It was claimed before and that claim ran out: whoever held it stopped in the middle. */
  readonly lapsed: boolean
}

/** How a claimed slot ends. */
export interface SlotOutcome {
  readonly connectionId: string
  readonly stream: string
  readonly dueAt: Instant
  readonly failures: number
  readonly blocked: string | null
  readonly runId: string
  readonly fault: string | null
  /** The quota that held it back, by id. */
  readonly quota: string | null
  readonly endedAt: Instant
}

/** How often a stream may be read where it is read more often than it declares. */
export const paces: readonly number[] = [1, 3, 6, 12].map((hours) => hours * 3_600_000)

/** Slots that are alike and due in the same step of time. */
export interface SlotCount {
  readonly provider: string
  readonly integrationId: string
  readonly stream: string
  /** How often they are read now: what is declared, or the one of `paces` that their last reading gave them when it set the next. */
  readonly everyMs: number
  /** Put off because of a quota; `quota` is which, where that is known. */
  readonly waiting: boolean
  readonly quota: string | null
  /** 0 is what is overdue or due in the first step; `steps` is whatever is due after the last. */
  readonly step: number
  readonly slots: number
  readonly firstDueAt: Instant
  readonly lastDueAt: Instant
}

/** Who is due, when. The one queue that is ours, because planning under quotas is what this product is for. */
export interface Schedule {
  /** Inserts; an existing slot keeps its due time and only takes new `everyMs`, `blocked` and `integrationId`. */
  put(
    environmentId: string,
    slots: readonly Pick<
      Slot,
      'connectionId' | 'provider' | 'integrationId' | 'stream' | 'everyMs' | 'dueAt' | 'lane' | 'blocked'
    >[],
  ): Promise<void>
  /**
   * Takes up to `limit` due slots of all environments, interactive lane first, then most overdue, skipping what others hold. Each is claimed until `until`.
   * `upTo` leaves out the lanes below that one. Cost does not grow with the number of slots that are not due.
   */
  claim(options: { now: Instant; until: Instant; claim: string; limit: number; upTo?: Lane }): Promise<ClaimedSlot[]>
  /**
   * Slots of the same integration and stream as one already claimed, due before `before`: they ride along in its batch. Of the time between its last run
   * and the next no more than `share` may be left: a slot may be read more often than its stream declares, and riding along is not to add to that. One
   * whose last run ended with a fault waits for its time.
   */
  claimCompanions(options: {
    environmentId: string
    integrationId: string
    stream: string
    before: Instant
    share: number
    now: Instant
    until: Instant
    claim: string
    limit: number
  }): Promise<ClaimedSlot[]>
  /** Moves the end of claims that are still ours. Returns how many were. */
  extend(
    environmentId: string,
    claim: string,
    slots: readonly { connectionId: string; stream: string }[],
    until: Instant,
  ): Promise<number>
  /**
   * Gives claimed slots back as they were, to be claimed again from `at` on, or as soon as they are woken. `lapsed`: nobody has looked yet at what their
   * last holder left behind, so the next one sees that as well. Returns how many were ours.
   */
  release(
    environmentId: string,
    claim: string,
    slots: readonly { connectionId: string; stream: string; lapsed: boolean }[],
    at: Instant,
  ): Promise<number>
  /** Ends claimed slots that are still ours; the lane falls back to `scheduled`. A slot woken meanwhile keeps the earlier due time, one blocked meanwhile stays blocked. Returns how many were. */
  finish(environmentId: string, claim: string, outcomes: readonly SlotOutcome[]): Promise<number>
  /** Ends every claim of every environment: whoever held them is known to be dead. Whoever claims one next sees that it lapsed. Returns how many. */
  endClaims(now: Instant): Promise<number>
  /** Makes unblocked streams due at `at`, if that is sooner, and at least in that lane. All of the connection without `streams`. One that is claimed runs once more. Returns how many. */
  wake(
    environmentId: string,
    connectionId: string,
    options: { streams?: readonly string[]; lane: Lane; at: Instant },
  ): Promise<number>
  /** The same for streams of many connections at once, each no sooner than `apartMs` after its last reading; after that one which runs now, too. */
  wakeAll(
    environmentId: string,
    slots: readonly { connectionId: string; stream: string }[],
    options: { lane: Lane; at: Instant; apartMs: number },
  ): Promise<number>
  /** Sets or clears `blocked` on streams of a connection. */
  block(
    environmentId: string,
    connectionId: string,
    options: { streams?: readonly string[]; blocked: string | null },
  ): Promise<void>
  of(environmentId: string, connectionIds: readonly string[]): Promise<Slot[]>
  /** How the load of an environment lies ahead of `now`: unblocked slots, counted by steps of `stepMs`, of which there are `steps`. */
  load(
    environmentId: string,
    options: { now: Instant; stepMs: number; steps: number; integrationIds?: readonly string[] },
  ): Promise<SlotCount[]>
  /** When the next slot may be claimed, over all environments: how long the planner may sleep. */
  nextDueAt(): Promise<Instant | null>
}

import type { Instant } from './clock.ts'
import type { Transition } from './connections.ts'
import type { RunRecord } from './journal.ts'
import type { Lane } from './schedule.ts'

/** From `from`, included, to `to`, not included. */
export interface Window {
  readonly from: Instant
  readonly to: Instant
}

/** Calls of one provider that ended well, or were answered no in a run that went on. */
export interface CallCount {
  readonly provider: string
  /** Null: it ended well. */
  readonly fault: string | null
  readonly calls: number
  /** Attempts of all of them: the last of each was answered, the others failed. */
  readonly attempts: number
}

/** Faults that are an answer, when the run that got it went on and ended with something read. */
export interface Answers {
  readonly answers: readonly string[]
}

/** A call that did not end well, and what became of the run that made it. */
export interface FailedCall {
  readonly id: string
  readonly provider: string
  readonly connectionId: string | null
  readonly runId: string | null
  /** Null for a call of no run, and for one whose run is not known any more. */
  readonly runState: RunRecord['state'] | null
  readonly fault: string
  /** 0: it was not sent. */
  readonly attempts: number
  readonly startedAt: Instant
  readonly endedAt: Instant
}

/** A step of a connection. The last one before a window says how the window began. */
export interface Step extends Transition {
  /** Empty where the connection is not known any more. */
  readonly provider: string
}

/** A reading of a stream of one connection that failed, or the first one after it that went well. */
export interface ReadingEnd {
  readonly connectionId: string
  readonly provider: string
  readonly stream: string
  readonly runId: string
  /** Null: it went well. */
  readonly fault: string | null
  /** It is not read again before somebody acts. */
  readonly blocked: string | null
  readonly at: Instant
}

/** How long a stream of a connection went without a reading that ended well: to the next one, or to the end of the window. */
export interface Gap {
  readonly connectionId: string
  readonly provider: string
  readonly stream: string
  /** When the reading before began: what was there by then is stored. */
  readonly from: Instant
  /** When the next one ended. */
  readonly to: Instant
}

/** What the newest runs of a stream took, taken together. */
export interface StreamCost {
  readonly integrationId: string
  readonly stream: string
  readonly runs: number
  /** Accounts that these runs read, each counted once a run. */
  readonly readings: number
  readonly calls: number
  /** Quota → amount. */
  readonly takes: Readonly<Record<string, number>>
}

/** A limit whose use is wanted: in any window of that length, or in any calendar day of a zone. */
export interface WatchedQuota {
  readonly provider: string
  readonly quota: string
  readonly per: 'app' | 'user' | 'account' | 'ip'
  readonly window: { readonly rollingMs: number } | { readonly day: string }
}

/** The most that was used of one bucket at a time. */
export interface Peak {
  readonly provider: string
  readonly quota: string
  /** An integration, with the account or grant where it is counted for each; empty for our address. */
  readonly holder: string
  /** By calls that nobody waited for. */
  readonly background: number
  readonly all: number
}

export interface Beat {
  readonly process: string
  readonly at: Instant
  /** Null where this process plans nothing. */
  readonly planner: 'at_work' | 'late' | null
}

/** What is known of the minutes of a window. */
export interface Beats {
  /** When the first sign of life was ever given; null: never. */
  readonly since: Instant | null
  /** Minutes in which any process gave one. */
  readonly alive: number
  /** Of these, minutes in which a planner was at work. */
  readonly working: number
}

/** Requests to our own API in one minute, by operation. */
export interface RequestCount {
  /** Empty when nobody had been recognised yet. */
  readonly environmentId: string
  readonly operation: string
  readonly minute: Instant
  readonly ok: number
  /** Refused because of what was asked: 4xx. */
  readonly refused: number
  /** Ours: 5xx. */
  readonly failed: number
  /** Of the failed: a provider was asked and did not do it, which our answer says in so many words. */
  readonly upstream: number
  /** The client went away. */
  readonly left: number
}

/** Somebody asked for fresh numbers and waited. */
export interface RefreshWait {
  readonly id: string
  readonly connectionId: string
  readonly provider: string
  readonly askedAt: Instant
  readonly endedAt: Instant
  readonly ended: 'fresh' | 'failed' | 'not_in_time'
}

/**
 * What happened, for those who count: rows that are only added to. Lists are oldest first and no longer than `limit`. What a table of another port holds
 * (calls, runs, transitions) is read from there.
 */
export interface History {
  callCounts(environmentId: string, window: Window & Answers): Promise<CallCount[]>
  /** Every other call. */
  failedCalls(environmentId: string, window: Window & Answers & { limit: number }): Promise<FailedCall[]>
  /** All of the window, and of each connection the last one before it. */
  steps(environmentId: string, window: Window & { limit: number }): Promise<Step[]>
  noteReadings(environmentId: string, ends: readonly ReadingEnd[]): Promise<void>
  readings(environmentId: string, window: Window & { limit: number }): Promise<ReadingEnd[]>
  /** Streams that were ever read whole before the end of the window, each with when that first was. */
  firstReadings(
    environmentId: string,
    window: Window,
  ): Promise<{ connectionId: string; provider: string; stream: string; at: Instant }[]>
  /** Gaps that are longer than `longerThanMs` and reach into the window. */
  gaps(environmentId: string, window: Window & { longerThanMs: number; limit: number }): Promise<Gap[]>
  /** By calls that ended in the window; each counts from when it ended. */
  peaks(environmentId: string, window: Window, quotas: readonly WatchedQuota[]): Promise<Peak[]>
  /**
   * What the last `runs` of each stream took, of those since `since` that ended with something read. First readings are left out: they fetch what
   * later ones need not. A stream without such a run is not in the answer.
   */
  streamCosts(
    environmentId: string,
    options: { streams: readonly Pick<StreamCost, 'integrationId' | 'stream'>[]; since: Instant; runs: number },
  ): Promise<StreamCost[]>
  /** Once a minute and process; a second one of the same minute changes nothing. */
  beat(beat: Beat): Promise<void>
  beats(window: Window): Promise<Beats>
  /** Adds to what is there of that minute. */
  countRequests(counts: readonly RequestCount[]): Promise<void>
  /** Summed over the window, of that environment and of nobody's. */
  requests(environmentId: string, window: Window): Promise<Omit<RequestCount, 'environmentId' | 'minute'>[]>
  noteRefresh(environmentId: string, wait: RefreshWait): Promise<void>
  refreshes(environmentId: string, window: Window & { limit: number }): Promise<RefreshWait[]>
  /** Deletes what only this port keeps and is older. Returns how many rows. */
  sweep(before: Instant): Promise<number>
}

/** Lanes in which nobody waits. */
export const backgroundLanes: readonly Lane[] = ['webhook', 'scheduled', 'backfill']

import type { FaultCode } from './faults.ts'
import type { Json } from './json.ts'
import type { QuotaSignal } from './quota.ts'
import type { QuotaHeader } from './quota-headers.ts'
import { type Day, dayOf } from './time.ts'

/** One call to the provider. `path` is appended to the host's base address; it never names a host. */
export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** One of the provider's named hosts. The base address when absent. */
  readonly host?: string
  /** Undefined values are left out; arrays are joined with commas. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly (string | number)[] | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: Json
  /** Sent as `application/x-www-form-urlencoded`. */
  readonly form?: Readonly<Record<string, string>>
  /** Doing it twice does no harm. True for GET, PUT and DELETE when absent. */
  readonly idempotent?: boolean
  /** Whose right: the connected account's (when absent) or the app's own, for public data. */
  readonly as?: 'account' | 'app'
}

export interface ApiResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Parsed without losing digits; null for an empty body. */
  readonly body: Json
  /** When the answer arrived. */
  readonly at: number
}

/** The provider's own API: authorized, paced, retried, confined to its hosts. What is not 2xx arrives as a Fault. */
export interface Http {
  (request: ApiRequest): Promise<ApiResponse>
  get(path: string, query?: ApiRequest['query'], more?: Omit<ApiRequest, 'path' | 'query' | 'method'>): Promise<Json>
}

/** What a rule may ask of an answer that is not a success. */
export interface ErrorFacts {
  readonly status: number
  /** The provider's machine word: `quotaExceeded`, `190/463`. */
  readonly reason: string
  readonly message: string
}

/** One line of a provider's error table. The first that fits counts; each has a real example, so that a test can try it. */
export interface ErrorRule {
  readonly status?: number | readonly number[]
  readonly reason?: string | RegExp
  readonly message?: RegExp
  /** Only for calls that fit, in the form of `Cost.call`: an answer that does not say which of several quotas ran out. */
  readonly call?: string
  readonly is: FaultCode
  /** How long to wait when no header says. `{ untilMidnight: zone }` for quotas of a calendar day. */
  readonly wait?: { readonly ms: number } | { readonly untilMidnight: string }
  /** Parks this quota only, by id. */
  readonly quota?: string
  readonly example: {
    readonly status: number
    readonly body: Json
    readonly headers?: Readonly<Record<string, string>>
  }
}

export interface Errors {
  /** Finds reason and message in an error body. */
  readonly read: (body: Json, status: number) => { reason?: string; message?: string } | null
  /** True when a 2xx answer is an error all the same (`{"error": …}` with status 200). */
  readonly failed?: (body: Json) => boolean
  readonly rules: readonly ErrorRule[]
  /** How long the provider asks to wait, from headers or body, when it is not `Retry-After`. */
  readonly wait?: (response: ApiResponse) => number | null
  /** What headers say about quotas, as data. */
  readonly quotaHeaders?: readonly QuotaHeader[]
  /** What an answer says about quotas in some other way. */
  readonly signals?: (response: ApiResponse) => readonly QuotaSignal[]
}

/** Time as a read sees it; provider code has no other clock. Zones are IANA names, UTC when absent. */
export interface RunTime {
  /** When the run started. */
  readonly now: number
  /** The day on which it started, however long it takes: what windows are worked out from. */
  today(zone?: string): Day
  /** The day of the newest answer: what a number that was counted until then is noted under. A walk down a long list may cross midnight. */
  asOf(zone?: string): Day
}

/** The time of a read that started at `now`. `answeredAt` tells of the newest answer, null before the first. */
export const runTime = (now: number, answeredAt: () => number | null = () => null): RunTime => ({
  now,
  today: (zone) => dayOf(now, zone),
  asOf: (zone) => dayOf(answeredAt() ?? now, zone),
})

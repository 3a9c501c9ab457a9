import { type ApiRequest, type ApiResponse, Fault } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import { addressOf } from './address.ts'
import { checkHeaders } from './request-headers.ts'
import { type Authorization, sharedName, type Target } from './target.ts'

/** One thing that somebody wants of a provider, from the first attempt to the last. */
export interface Intent {
  readonly target: Target
  readonly request: ApiRequest
  readonly method: string
  readonly url: URL
  /** Host and path of the address, as quotas, errors and the call log know it. */
  readonly place: string
  /** Whose troubles are one with it. */
  readonly shared: string
  readonly as: 'account' | 'app'
  /** Asking twice does no harm. */
  readonly idempotent: boolean
  /** Nothing may be waited for beyond this. */
  readonly deadlineAt: Instant
  readonly signal: AbortSignal | undefined
  readonly tally: Tally
  /** Of the attempt that is being made. */
  readonly authorization: Authorization | null
}

/** What became of an intent so far. The layers write it, the call log keeps it. */
export interface Tally {
  attempts: number
  /** Attempts that reached the wire. */
  sent: number
  /** Whether the attempt that is being made did. */
  sentNow: boolean
  /** Until when the quota that was granted may be spent. */
  sendBy: Instant
  /** What the attempt that is being made was answered, whatever it was. */
  answer: ApiResponse | null
  /** Of the last answer there was. */
  status: number | null
  /** The credential that the last attempt used. */
  generation: number
  waitedMs: number
  cost: Record<string, number>
  requestBytes: number
  responseBytes: number
}

/** An answer on its way up: `body` is null until it was read from `bytes`. */
export interface Answer extends ApiResponse {
  readonly bytes: Uint8Array
}

export type Step = (intent: Intent) => Promise<Answer>
/** Does its part and calls `next`, once, several times, or not at all. */
export type Layer = (next: Step) => Step

/** A call goes down the list, its answer comes back up. */
export const compose =
  (...layers: Layer[]) =>
  (last: Step): Step =>
    layers.reduceRight((next, layer) => layer(next), last)

/** Throws `input.invalid` for a request that could lead anywhere else than to the provider, before anything is spent on it. */
export function openIntent(
  target: Target,
  request: ApiRequest,
  { now, signal }: { now: Instant; signal: AbortSignal | undefined },
): Intent {
  const method = request.method ?? 'GET'
  if (!methods.has(method)) throw new Fault('input.invalid', 'no such method', { field: 'method' })
  if (request.body !== undefined && request.form !== undefined)
    throw new Fault('input.invalid', 'a request has a body or a form, not both', { field: 'body' })
  checkHeaders(target.provider, request.headers)
  const url = addressOf(target.provider, request)
  return {
    target,
    request,
    method,
    url,
    place: url.host + url.pathname,
    shared: sharedName(target),
    as: request.as ?? 'account',
    idempotent: isIdempotent(request),
    deadlineAt: now + target.patienceMs,
    signal,
    authorization: null,
    tally: openTally(),
  }
}

export const openTally = (): Tally => ({
  attempts: 0,
  sent: 0,
  sentNow: false,
  sendBy: Number.POSITIVE_INFINITY,
  answer: null,
  status: null,
  generation: 0,
  waitedMs: 0,
  cost: {},
  requestBytes: 0,
  responseBytes: 0,
})

/** Whether asking twice does no harm: by the method, where the request says nothing. */
export const isIdempotent = ({ method = 'GET', idempotent }: Pick<ApiRequest, 'method' | 'idempotent'>) =>
  idempotent ?? !mayAddUp.has(method)

const mayAddUp = new Set(['POST', 'PATCH'])
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])

import type { ApiRequest, ApiResponse } from '@patchbay/kit'
import type { Target } from './target.ts'

/** One intent on its way out, and what became of it so far. The steps of the pipeline share it. */
export interface OutgoingCall {
  readonly target: Target
  readonly request: ApiRequest
  readonly signal: AbortSignal | undefined
  /** Host and path without a query: what is logged and what costs are looked up by. */
  readonly place: string
  readonly method: string
  /** Nothing is begun after this instant. */
  readonly deadlineAt: number
  attempts: number
  waitedMs: number
  /** What it took of each quota, all attempts together. */
  cost: Record<string, number>
  /** Whether the last attempt may have reached the provider. */
  sent: boolean
  /** Of the grant whose credential the last attempt carried. */
  generation: number
  requestBytes: number
  responseBytes: number
  /** The provider's own id of the last request. */
  requestId: string | null
  status: number | null
}

export type Send = (call: OutgoingCall) => Promise<ApiResponse>
export type Step = (next: Send) => Send

/** The first step is the outermost. */
export function compose(...steps: readonly Step[]): (wire: Send) => Send {
  return (wire) => steps.reduceRight((next, step) => step(next), wire)
}

/** Doing it twice does no harm. */
export function isIdempotent(call: Pick<OutgoingCall, 'request' | 'method'>): boolean {
  return (
    call.request.idempotent ??
    (call.method === 'GET' || call.method === 'PUT' || call.method === 'DELETE' || call.method === 'HEAD')
  )
}

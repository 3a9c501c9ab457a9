import { Fault, type FaultCode, faults, isFault } from '@patchbay/kit'

/** RFC 9457. `type` is stable and leads to the page that explains it; `detail` never carries a secret. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: FaultCode
  /** Who can end the trouble. */
  readonly fixedBy: string
  readonly retry: string
  readonly requestId: string
  /** Milliseconds until it can help to ask again. */
  readonly retryAfterMs?: number
  readonly field?: string
  /** What the provider said, when it was the provider. */
  readonly provider?: {
    readonly id?: string
    readonly status?: number
    readonly reason?: string
    readonly requestId?: string
  }
}

/** The page on this server where the table of faults is explained. */
const reference = '/reference/faults#'

/** Writes any error as a problem. What is not a Fault is a bug of ours, and its text stays inside. */
export function problemOf(error: unknown, requestId: string): Problem {
  const fault = isFault(error) ? error : new Fault('platform.bug', undefined, {}, error)
  const kind = faults[fault.code]
  const { detail } = fault
  return {
    type: `${reference}${fault.code}`,
    title: kind.says,
    status: kind.status,
    detail: fault.message,
    code: fault.code,
    fixedBy: kind.fixedBy,
    retry: kind.retry,
    requestId,
    ...(detail.waitMs !== undefined && { retryAfterMs: detail.waitMs }),
    ...(detail.field !== undefined && { field: detail.field }),
    ...((detail.provider !== undefined || detail.reason !== undefined) && {
      provider: { id: detail.provider, status: detail.status, reason: detail.reason, requestId: detail.requestId },
    }),
  }
}

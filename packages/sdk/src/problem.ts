/** What went wrong, as the server says it (RFC 9457). */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  /** Who can end the trouble: caller, owner, operator, provider, platform or time. */
  readonly fixedBy: string
  readonly retry: string
  readonly requestId: string
  readonly retryAfterMs?: number
  readonly field?: string
  /** Everything that is wrong, where that is more than one thing. */
  readonly issues?: readonly { readonly field: string; readonly says: string }[]
  readonly provider?: {
    readonly id?: string
    readonly status?: number
    readonly reason?: string
    readonly requestId?: string
  }
}

/** Thrown for every answer that is not a success. */
export class PatchbayError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.name = 'PatchbayError'
    this.problem = problem
  }

  get code(): string {
    return this.problem.code
  }
}

/** By code and not by class, so that two copies of this package agree: `isFault(error, 'connection.revoked')`. */
export function isFault(error: unknown, ...codes: string[]): error is PatchbayError {
  if (!(error instanceof Error) || !('problem' in error)) return false
  return codes.length === 0 || codes.includes((error as PatchbayError).code)
}

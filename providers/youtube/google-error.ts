import type { Json } from '@patchbay/kit'

/** The error body of Google's APIs: a code, a sentence, and the machine word at `errors[0].reason`. */
export function googleError(
  code: number,
  reason: string,
  message: string,
  more: { domain?: string; status?: string; detail?: string; location?: string } = {},
): Json {
  const where: Record<string, Json> =
    more.location === undefined ? {} : { location: more.location, locationType: 'parameter' }
  return {
    error: {
      code,
      message,
      errors: [{ message, domain: more.domain ?? 'global', reason, ...where }],
      ...(more.status === undefined ? {} : { status: more.status }),
      ...(more.detail === undefined ? {} : { details: [errorInfo(more.detail)] }),
    },
  }
}

/** What the quota service says when one of the buckets with a name of its own is empty. */
export function googleQuotaError(metric: string, window: 'day' | 'minute', service = 'youtube.googleapis.com'): Json {
  return googleError(
    429,
    'rateLimitExceeded',
    `Quota exceeded for quota metric '${metric}' and limit '${metric} per ${window}' of service '${service}' for consumer 'project_number:123456789012'.`,
    { status: 'RESOURCE_EXHAUSTED' },
  )
}

const errorInfo = (reason: string): Json => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain: 'googleapis.com',
  metadata: { service: 'youtube.googleapis.com' },
})

import { at, type ErrorRule, type Errors, type FaultCode, type Json } from '@patchbay/kit'
import { googleError, googleQuotaError } from './google-error.ts'
import { pacific } from './pacific.ts'

const untilReset = { wait: { untilMidnight: pacific } } as const
const shortly = { wait: { ms: 10_000 } } as const

/** One reason, one example. The HTTP status is not asked: YouTube says 403 for quotas, rights, missing features and closed accounts alike. */
const reason = (
  is: FaultCode,
  reasons: RegExp | string,
  example: readonly [status: number, reason: string, message: string, more?: Parameters<typeof googleError>[3]],
  more: Pick<ErrorRule, 'wait' | 'quota'> = {},
): ErrorRule => {
  const [status, word, message, body] = example
  return { reason: reasons, is, ...more, example: { status, body: googleError(status, word, message, body) } }
}

/**
 * A day's quota that is used up, in both dialects: the general units say `quotaExceeded`, the buckets beside them `rateLimitExceeded` and a sentence that
 * tells a day from a minute. Which bucket it was, the call says.
 */
const usedUp = (quota: string, metric: string, call?: string, service?: string): ErrorRule[] => {
  const rule = { ...(call === undefined ? {} : { call }), is: 'provider.exhausted', ...untilReset, quota } as const
  const message = 'The request cannot be completed because you have exceeded your quota.'
  return [
    {
      ...rule,
      message: / and limit '[^']* per day'/,
      example: { status: 429, body: googleQuotaError(metric, 'day', service) },
    },
    {
      ...rule,
      reason: /^(quotaExceeded|dailyLimitExceeded)$/,
      example: { status: 403, body: googleError(403, 'quotaExceeded', message, { domain: 'youtube.quota' }) },
    },
  ]
}

export const errors: Errors = {
  read,
  // The Analytics API declares errors inside its result table.
  failed: (body) => Array.isArray(at(body, 'errors', 'error')),
  rules: [
    // The account
    reason('connection.unsuitable', 'youtubeSignupRequired', [
      401,
      'youtubeSignupRequired',
      'Unauthorized',
      { domain: 'youtube.header' },
    ]),
    reason('connection.unsuitable', /^(authenticatedUserAccount(Closed|Suspended)|authenticatedUserNotChannel)$/, [
      403,
      'authenticatedUserAccountSuspended',
      'The YouTube account of the authenticated user is suspended.',
      { domain: 'youtube.common' },
    ]),
    reason('connection.scopes', /^(insufficientPermissions|ACCESS_TOKEN_SCOPE_INSUFFICIENT)$/, [
      403,
      'insufficientPermissions',
      'Request had insufficient authentication scopes.',
      { status: 'PERMISSION_DENIED', detail: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' },
    ]),
    reason('connection.expired', /^(authError|UNAUTHENTICATED)$/, [
      401,
      'authError',
      'Request had invalid authentication credentials.',
      { status: 'UNAUTHENTICATED' },
    ]),

    // Quotas
    ...usedUp('search', 'Search Queries', 'GET www.googleapis.com/youtube/v3/search'),
    ...usedUp('uploads', 'Video Uploads', 'POST www.googleapis.com/upload/youtube/v3/videos'),
    ...usedUp('batchGetStats', 'Batch Get Stats', 'GET www.googleapis.com/youtube/v3/videos:batchGetStats'),
    ...usedUp('analytics', 'Queries', 'GET youtubeanalytics.googleapis.com/v2', 'youtubeanalytics.googleapis.com'),
    ...usedUp('general', 'Queries'),
    reason(
      'provider.throttled',
      /^(rateLimitExceeded|userRateLimitExceeded|RESOURCE_EXHAUSTED)$/,
      [403, 'userRateLimitExceeded', 'User Rate Limit Exceeded', { domain: 'usageLimits' }],
      shortly,
    ),

    // The app
    reason('setup.credentials', /^(keyInvalid|keyExpired|API_KEY_INVALID|API_KEY_SERVICE_BLOCKED|ipRefererBlocked)$/, [
      400,
      'badRequest',
      'API key not valid. Please pass a valid API key.',
      { status: 'INVALID_ARGUMENT', detail: 'API_KEY_INVALID' },
    ]),
    reason('setup.plan', /^(accessNotConfigured|SERVICE_DISABLED)$/, [
      403,
      'accessNotConfigured',
      'YouTube Data API v3 has not been used in project 123456789012 before or it is disabled.',
      { domain: 'usageLimits', status: 'PERMISSION_DENIED', detail: 'SERVICE_DISABLED' },
    ]),

    // The thing asked for
    reason('provider.forbidden', 'commentsDisabled', [
      403,
      'commentsDisabled',
      'The video identified by the videoId parameter has disabled comments.',
      { domain: 'youtube.commentThread' },
    ]),
    reason(
      'provider.forbidden',
      /^(forbidden|\w+Forbidden|\w+NotAccessible|channelClosed|channelSuspended|PERMISSION_DENIED)$/,
      [
        403,
        'playlistItemsNotAccessible',
        'The request is not properly authorized to retrieve the specified playlist.',
        { domain: 'youtube.playlistItem' },
      ],
    ),
    reason('provider.missing', /^(\w+NotFound|notFound|NOT_FOUND)$/, [
      404,
      'playlistNotFound',
      'The playlist identified with the request’s playlistId parameter cannot be found.',
      { domain: 'youtube.playlistItem', location: 'playlistId' },
    ]),
    reason('provider.cursor', 'invalidPageToken', [
      400,
      'invalidPageToken',
      'The request specifies an invalid page token.',
      { domain: 'youtube.parameter', location: 'pageToken' },
    ]),
    reason('provider.rejected', /^(badRequest|INVALID_ARGUMENT)$/, [
      400,
      'badRequest',
      'The query is not supported. Check the documentation at https://developers.google.com/youtube/analytics/v2/available_reports for supported queries.',
    ]),

    // YouTube itself
    reason('provider.down', /^(backendError|internalError|UNAVAILABLE|INTERNAL)$/, [
      503,
      'backendError',
      'Backend Error',
      { status: 'UNAVAILABLE' },
    ]),

    // Words that are not in the list yet
    {
      status: [500, 502, 503, 504],
      is: 'provider.down',
      example: { status: 500, body: { error: { code: 500, message: 'Internal error encountered.' } } },
    },
    {
      status: 401,
      is: 'connection.expired',
      example: { status: 401, body: googleError(401, 'required', 'Login Required.') },
    },
    {
      status: 403,
      is: 'provider.forbidden',
      example: {
        status: 403,
        body: googleError(403, 'SERVICE_UNAVAILABLE', 'The caller does not have permission', {
          domain: 'youtube.CoreErrorDomain',
          status: 'PERMISSION_DENIED',
        }),
      },
    },
    {
      status: 404,
      is: 'provider.missing',
      example: { status: 404, body: googleError(404, 'gone', 'Not Found') },
    },
    {
      status: 429,
      is: 'provider.throttled',
      ...shortly,
      example: { status: 429, body: { error: { code: 429, message: 'Too Many Requests' } } },
    },
    {
      status: 400,
      is: 'provider.rejected',
      example: {
        status: 400,
        body: googleError(400, 'missingRequiredParameter', 'No filter selected.', { domain: 'youtube.parameter' }),
      },
    },
  ],
}

/** Too general to act on when the details know better: a wrong API key is a `badRequest`. */
const vague = new Set(['badRequest', 'forbidden'])

/** `errors[0].reason`; newer answers have `details[].reason` and `status`, some have these only. The oldest form is a bare sentence. */
function read(body: Json): { reason?: string; message?: string } | null {
  const table = at(body, 'errors', 'error', 0)
  if (table !== undefined) return { reason: text(at(table, 'code')), message: text(at(table, 'externalErrorMessage')) }
  const error = at(body, 'error')
  if (typeof error === 'string') return { reason: error, message: text(at(body, 'error_description')) }
  if (error === undefined || error === null) return null
  const first = text(at(error, 'errors', 0, 'reason'))
  const details = at(error, 'details')
  const detail = Array.isArray(details)
    ? details.map((each) => text(at(each, 'reason'))).find((word) => word !== undefined)
    : undefined
  return {
    reason:
      first === undefined || (vague.has(first) && detail !== undefined) ? (detail ?? text(at(error, 'status'))) : first,
    message: text(at(error, 'message')),
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

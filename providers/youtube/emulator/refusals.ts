import { type Emulator, minute, reply } from '@patchbay/kit'
import { googleError, googleQuotaError } from '../google-error.ts'

/** How YouTube says no. */
export const refuse: Emulator['refuse'] = {
  unauthorized: (why) =>
    why === 'missing'
      ? reply(401, googleError(401, 'required', 'Login Required.', { status: 'UNAUTHENTICATED' }))
      : reply(
          401,
          googleError(
            401,
            'authError',
            'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
            {
              status: 'UNAUTHENTICATED',
            },
          ),
        ),
  scope: () =>
    reply(
      403,
      googleError(403, 'insufficientPermissions', 'Request had insufficient authentication scopes.', {
        status: 'PERMISSION_DENIED',
        detail: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
      }),
    ),
  // The general units have a sentence of their own. The buckets beside them are counted by Google's quota service, which names what ran out.
  // A wait of a minute or two is that of a limit by the minute, whatever is left of the day.
  quota: (quota, waitMs) =>
    quota === 'general' && waitMs > 2 * minute
      ? reply(
          403,
          googleError(
            403,
            'quotaExceeded',
            'The request cannot be completed because you have exceeded your <a href="/youtube/v3/getting-started#quota">quota</a>.',
            {
              domain: 'youtube.quota',
            },
          ),
        )
      : reply(
          429,
          googleQuotaError(
            named[quota] ?? 'Queries',
            waitMs > 2 * minute ? 'day' : 'minute',
            quota === 'analytics' ? 'youtubeanalytics.googleapis.com' : undefined,
          ),
        ),
  down: () =>
    reply(503, googleError(503, 'backendError', 'The service is currently unavailable.', { status: 'UNAVAILABLE' })),
  missing: () => reply(404, googleError(404, 'notFound', 'Requested entity was not found.', { status: 'NOT_FOUND' })),
}

const named: Readonly<Record<string, string>> = {
  search: 'Search Queries',
  uploads: 'Video Uploads',
  batchGetStats: 'Video BatchGetStats Queries',
}

const bad = (word: string, message: string, location?: string) =>
  reply(400, googleError(400, word, message, { domain: 'youtube.parameter', location }))

/** What is wrong with a request. An everyday word for each, since handlers return it. */
export const wrong = {
  noPart: () => bad('missingRequiredParameter', 'Required parameter: part', 'part'),
  unknownPart: (part: string) => bad('unknownPart', `'${part}'`, 'part'),
  noFilter: (filters: string) => bad('missingRequiredParameter', `No filter selected. Expected one of: ${filters}`),
  tooMany: (name: string) => bad('invalidParameter', `The ${name} parameter takes at most 50 values.`, name),
  range: (name: string, value: string) =>
    bad('invalidParameter', `Invalid value '${value}'. Values must be within the range: [0, 50]`, name),
  pageToken: () => bad('invalidPageToken', 'The request specifies an invalid page token.', 'pageToken'),
  notMine: () =>
    reply(
      401,
      googleError(401, 'authorizationRequired', 'The request uses the mine parameter but is not properly authorized.', {
        domain: 'youtube.parameter',
        location: 'mine',
      }),
    ),
  playlist: () =>
    reply(
      404,
      googleError(
        404,
        'playlistNotFound',
        "The playlist identified with the request's <code>playlistId</code> parameter cannot be found.",
        { domain: 'youtube.playlistItem', location: 'playlistId' },
      ),
    ),
  query: () =>
    reply(
      400,
      googleError(
        400,
        'badRequest',
        'The query is not supported. Check the documentation at https://developers.google.com/youtube/analytics/v2/available_reports for supported queries.',
        { status: 'INVALID_ARGUMENT' },
      ),
    ),
  value: (name: string, value: string) =>
    reply(
      400,
      googleError(400, 'invalid', `Invalid value '${value}'.`, { status: 'INVALID_ARGUMENT', location: name }),
    ),
  forbidden: () => reply(403, googleError(403, 'forbidden', 'Forbidden', { status: 'PERMISSION_DENIED' })),
} as const

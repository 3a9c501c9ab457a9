import { at, dayMs, type ErrorRule, type Errors, hour, type Json, second } from '@patchbay/kit'
import { groups } from './quotas.ts'

/** `{"error":{"status","message","reason"}}` from the API, `{"error":"invalid_grant",…}` from the token endpoint, sometimes plain text. */
function read(body: Json) {
  if (typeof body === 'string') return { message: body }
  const error = at(body, 'error')
  if (typeof error === 'string') return { reason: error, message: text(at(body, 'error_description')) }
  if (error === undefined) return null
  return { reason: text(at(error, 'reason')), message: text(at(error, 'message')) }
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined)

/** What the API's own errors look like. */
const says = (status: number, message: string, reason?: string) => ({
  status,
  body: { error: { status, message, ...(reason === undefined ? {} : { reason }) } },
})

/** A daily quota of one group of endpoints; the others go on. Which group, the call says. The header is sometimes missing. */
const usedUp = (quota: string, call?: string): ErrorRule => ({
  ...(call === undefined ? {} : { call }),
  status: 429,
  reason: 'QUOTA_EXCEEDED',
  is: 'provider.exhausted',
  wait: { ms: dayMs },
  quota,
  example: { ...says(429, 'Too many requests', 'QUOTA_EXCEEDED'), headers: { 'retry-after': '43200' } },
})

export const errors: Errors = {
  read,
  rules: [
    {
      reason: 'invalid_grant',
      is: 'connection.revoked',
      example: { status: 400, body: { error: 'invalid_grant', error_description: 'Refresh token revoked' } },
    },
    {
      reason: 'invalid_client',
      is: 'setup.credentials',
      example: { status: 400, body: { error: 'invalid_client', error_description: 'Invalid client secret' } },
    },
    { status: 401, message: /expired/i, is: 'connection.expired', example: says(401, 'The access token expired') },
    { status: 401, is: 'connection.revoked', example: says(401, 'Invalid access token') },

    {
      status: 403,
      message: /insufficient client scope/i,
      is: 'connection.scopes',
      example: says(403, 'Insufficient client scope'),
    },
    // Spotify's own words go on: "it can take a few hours before requests are allowed again".
    {
      status: 403,
      message: /premium subscription required/i,
      is: 'setup.plan',
      wait: { ms: 6 * hour },
      example: says(403, 'Active premium subscription required for the owner of the app.'),
    },
    {
      status: 403,
      message: /not (be )?registered|not approved for app/i,
      is: 'setup.plan',
      wait: { ms: 6 * hour },
      example: says(403, 'Check settings on developer.spotify.com/dashboard, the user may not be registered.'),
    },
    // An endpoint that was taken from apps in development mode.
    { status: 403, message: /^forbidden\.?$/i, is: 'setup.unsupported', example: says(403, 'Forbidden') },

    { status: 404, is: 'provider.missing', example: says(404, 'Resource not found') },

    ...groups.map(({ id, call }) => usedUp(id, call)),
    usedUp('others'),
    {
      status: 429,
      message: /rate limit/i,
      is: 'provider.throttled',
      wait: { ms: 30 * second },
      quota: 'general',
      example: { ...says(429, 'API rate limit exceeded'), headers: { 'retry-after': '17' } },
    },
    // Without a header: the whole window, after which it is empty whatever was in it.
    {
      status: 429,
      is: 'provider.throttled',
      wait: { ms: 30 * second },
      quota: 'general',
      example: says(429, 'Too many requests'),
    },

    { status: 400, message: /invalid limit/i, is: 'provider.rejected', example: says(400, 'Invalid limit') },
    { status: 400, is: 'provider.rejected', example: says(400, 'invalid id') },
    { status: [500, 502, 503, 504], is: 'provider.down', example: says(503, 'Service unavailable') },
  ],
}

import { at, type Json, type OAuth2, type TokenAnswer } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'

/** New tokens, with instants instead of the provider's many ways to say seconds. */
export interface Tokens {
  readonly accessToken: string
  /** Null when the answer has none: then the old one stays. It is never overwritten with nothing (F61). */
  readonly refreshToken: string | null
  readonly accessExpiresAt: Instant | null
  readonly refreshExpiresAt: Instant | null
  /** Null when the answer does not say. */
  readonly scopes: readonly string[] | null
}

/** Reads the answer of a token endpoint, with the provider's own reader where it has one. Null when there is no access token in it. */
export function readTokens(
  auth: Pick<OAuth2, 'answer' | 'accessLifetimeSeconds'>,
  body: Json,
  now: Instant,
): Tokens | null {
  const answer = auth.answer ? ownReader(auth.answer, body) : readStandard(body)
  if (!answer || !isToken(answer.accessToken)) return null
  const lifetimeMs = lifetimeMsOf(answer.expiresInSeconds, now) ?? secondsToMs(auth.accessLifetimeSeconds)
  const refreshLifetimeMs = lifetimeMsOf(answer.refreshExpiresInSeconds, now)
  return {
    accessToken: answer.accessToken,
    refreshToken: isToken(answer.refreshToken) ? answer.refreshToken : null,
    accessExpiresAt: lifetimeMs === null ? null : now + lifetimeMs,
    refreshExpiresAt: refreshLifetimeMs === null ? null : now + refreshLifetimeMs,
    scopes: answer.scopes && answer.scopes.length > 0 ? [...new Set(answer.scopes)] : null,
  }
}

/** RFC 6749, 5.1, as generously as it is spoken. */
function readStandard(body: Json): TokenAnswer | null {
  const accessToken = at(body, 'access_token')
  if (typeof accessToken !== 'string') return null
  const refreshToken = at(body, 'refresh_token')
  return {
    accessToken,
    refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined,
    expiresInSeconds: numberOf(at(body, 'expires_in')),
    refreshExpiresInSeconds: numberOf(at(body, 'refresh_token_expires_in') ?? at(body, 'refresh_expires_in')),
    scopes: readScopes(at(body, 'scope')),
  }
}

function ownReader(read: NonNullable<OAuth2['answer']>, body: Json): TokenAnswer | null {
  try {
    return read(body)
  } catch {
    return null
  }
}

/** `"3600"` is a number too. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined
}

function readScopes(value: unknown): string[] | undefined {
  if (typeof value === 'string') return value.split(/[\s,]+/).filter(Boolean)
  return Array.isArray(value) ? value.filter((scope) => typeof scope === 'string') : undefined
}

/**
 * Nothing, 0 and less say nothing: some write 0 for "for ever". From 10^9 on it is no lifetime (32 years) but the instant itself, in seconds or,
 * from 10^12 on, in milliseconds; one that is over already says nothing either.
 */
function lifetimeMsOf(seconds: number | undefined, now: Instant): number | null {
  if (seconds === undefined || !Number.isFinite(seconds) || seconds <= 0) return null
  if (seconds < 1e9) return seconds * 1000
  const lifetimeMs = (seconds < 1e12 ? seconds * 1000 : seconds) - now
  return lifetimeMs > 0 ? lifetimeMs : null
}

const secondsToMs = (seconds: number | undefined) => (seconds === undefined ? null : seconds * 1000)

/** Whatever could not stand in a header is no token. */
export const isToken = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 16_384 && /^[\x21-\x7e]+$/.test(value)

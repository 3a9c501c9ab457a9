import { at, type ErrorRule, type FaultCode, type Json, type Provider } from '@patchbay/kit'
import type { Tokens } from './token-answer.ts'

/**
 * What became of a token request.
 * - `refused`: the provider no longer takes what was presented. The only answer that can end a grant, once it is confirmed.
 * - `setup`: the app itself is refused, or the answer is one that we do not know. Never a connection's fault (F65).
 * - `down`: the provider did not do it: outage, throttling, a page instead of an answer, or it was never reached.
 * - `lost`: it may have been done, and the answer did not arrive whole (F62).
 */
export type TokenReply =
  | { readonly kind: 'tokens'; readonly tokens: Tokens }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'setup'; readonly fault: FaultCode; readonly reason: string }
  | { readonly kind: 'down'; readonly fault: FaultCode; readonly reason: string; readonly waitMs?: number }
  | { readonly kind: 'lost'; readonly reason: string }

/** Reads an error of a token endpoint: RFC 6749's words first, then the provider's own error table. `text` is never part of what comes back. */
export function readTokenError(
  provider: Provider,
  answer: { status: number; body: Json | undefined; waitMs?: number },
): TokenReply {
  const { status, body, waitMs } = answer
  if (status === 429) return { kind: 'down', fault: 'provider.throttled', reason: '429', waitMs }
  if (status >= 500) return { kind: 'down', fault: 'provider.down', reason: String(status), waitMs }
  if (body === undefined) return { kind: 'down', fault: 'provider.down', reason: `${status}, not JSON`, waitMs }
  const word = at(body, 'error')
  if (typeof word === 'string' && /^[a-z_]{1,60}$/.test(word)) {
    const known = words[word as keyof typeof words]
    if (known) return { ...known, reason: word, ...(known.kind === 'down' && { waitMs }) }
    const description = at(body, 'error_description')
    // Some say `invalid_request` where the RFC says `invalid_grant`; our requests differ in the token only.
    if (word === 'invalid_request' && typeof description === 'string' && aboutTheToken.test(description))
      return { kind: 'refused', reason: 'invalid_request' }
  }
  return byOwnTable(provider, status, body) ?? { kind: 'setup', fault: 'provider.changed', reason: `${status}` }
}

/** RFC 6749, 5.2, and what Google, Microsoft and others add to it. */
const words = {
  invalid_grant: { kind: 'refused' },
  invalid_client: { kind: 'setup', fault: 'setup.credentials' },
  unauthorized_client: { kind: 'setup', fault: 'setup.credentials' },
  unsupported_grant_type: { kind: 'setup', fault: 'setup.credentials' },
  invalid_scope: { kind: 'setup', fault: 'setup.credentials' },
  access_denied: { kind: 'setup', fault: 'setup.plan' },
  redirect_uri_mismatch: { kind: 'setup', fault: 'setup.redirect' },
  server_error: { kind: 'down', fault: 'provider.down' },
  temporarily_unavailable: { kind: 'down', fault: 'provider.down' },
  slow_down: { kind: 'down', fault: 'provider.throttled' },
} as const satisfies Record<string, Pick<TokenReply, 'kind'> & { fault?: FaultCode }>

const aboutTheToken = /token.*(invalid|expired|revoked)|(invalid|expired|revoked).*token/i

function byOwnTable(provider: Provider, status: number, body: Json): TokenReply | null {
  const { errors } = provider.api
  const { reason = '', message = '' } = errors.read(body, status) ?? {}
  const is = errors.rules.find((rule) => fits(rule, status, reason, message))?.is
  if (is === undefined) return null
  if (is === 'connection.expired' || is === 'connection.revoked') return { kind: 'refused', reason }
  if (is.startsWith('setup.')) return { kind: 'setup', fault: is, reason }
  return is.startsWith('provider.') && is !== 'provider.rejected' ? { kind: 'down', fault: is, reason } : null
}

function fits(rule: ErrorRule, status: number, reason: string, message: string): boolean {
  if (rule.call !== undefined) return false
  const ofStatus = rule.status === undefined || [rule.status].flat().includes(status)
  const ofReason =
    rule.reason === undefined || (typeof rule.reason === 'string' ? rule.reason === reason : rule.reason.test(reason))
  return ofStatus && ofReason && (rule.message === undefined || rule.message.test(message))
}

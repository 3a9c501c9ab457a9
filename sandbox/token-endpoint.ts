import { createHash } from 'node:crypto'
import type { Json, Provider, TokenRequest } from '@patchbay/kit'
import type { Issued } from './grants.ts'
import { clientOf, deny, notStored, type OAuthCall, parametersOf, proveApp, refused } from './oauth.ts'
import { fromReply, type Outgoing } from './outgoing.ts'

/** Codes, refresh tokens and client credentials for access tokens. */
export function answerTokenRequest(call: OAuthCall): Outgoing {
  const { provider, incoming, grants, now, entry, personas, apps } = call
  const params = parametersOf(incoming)
  const rules = call.rules.of(provider)
  if (provider.auth.scheme === 'client_credentials') {
    const artist = personas.find(provider, clientOf(provider, incoming, params) ?? [])
    if (!artist) return deny(call, 'invalid_client', 'Unknown client or wrong secret')
    const app = apps.first(provider.id).clientId
    const of = { provider: provider.id, app, artist: artist.key, scopes: [] }
    return answer(call, grants.openForApp(of, rules, now))
  }
  const app = proveApp(call, params)
  if (!app) return deny(call, 'invalid_client', 'Unknown client or wrong secret')
  entry.app = app.clientId

  const grantType = params.get('grant_type') ?? (params.has('code') ? 'authorization_code' : 'missing')
  if (grantType === 'authorization_code') {
    const text = params.get('code') ?? ''
    const code = grants.takeCode(text, now)
    if (!code || code.provider !== provider.id || code.app !== app.clientId)
      return deny(call, 'invalid_grant', 'The code is unknown, expired or used')
    entry.artist = code.artist
    if (code.redirectUri !== params.get('redirect_uri'))
      return deny(call, 'invalid_grant', 'redirect_uri differs from the one that was authorized')
    if (!provesChallenge(provider, code.challenge, params.get('code_verifier')))
      return deny(call, 'invalid_grant', 'code_verifier does not fit the challenge')
    return answer(call, grants.open(text, rules, now))
  }
  if (grantType === 'refresh_token') {
    const text = params.get('refresh_token') ?? ''
    const presented = grants.whose(text)?.grant
    if (presented && (presented.provider !== provider.id || presented.app !== app.clientId))
      return deny(call, 'invalid_grant', 'The refresh token belongs to another app')
    const issued = grants.refresh(text, rules, now, call.rotate)
    return 'error' in issued ? deny(call, 'invalid_grant', refreshErrors[issued.error]) : answer(call, issued)
  }
  if (grantType === 'client_credentials') {
    if (provider.auth.scheme !== 'oauth2' || provider.auth.app?.kind !== 'client_credentials')
      return deny(call, 'unauthorized_client', 'This app cannot use client credentials')
    const of = { provider: provider.id, app: app.clientId, artist: null, scopes: [] }
    return answer(call, grants.openForApp(of, rules, now))
  }
  return deny(call, 'unsupported_grant_type', `grant_type is ${grantType}`)
}

/** A token in exchange for one that lives longer. */
export function answerExtension(call: OAuthCall, exchange: { request: TokenRequest; minAgeMs: number }): Outgoing {
  const { provider, incoming, grants, now, entry, apps } = call
  const params = parametersOf(incoming)
  const given = (template: string) => {
    const [name] = Object.entries(exchange.request.params).find(([, value]) => value === template) ?? []
    return name === undefined ? null : (params.get(name) ?? '')
  }
  const { unauthorized } = provider.emulator.refuse
  const token = given('{accessToken}') || null
  if (token === null) return refused(call, unauthorized('missing'), 'missing')
  const presented = grants.whose(token)?.grant
  const app = presented?.provider === provider.id ? apps.find(provider.id, presented.app) : null
  if (!app) return refused(call, unauthorized('invalid'), 'invalid')
  entry.app = app.clientId
  if (
    (given('{clientSecret}') ?? app.clientSecret) !== app.clientSecret ||
    (given('{clientId}') ?? app.clientId) !== app.clientId
  )
    return deny(call, 'invalid_client', 'Unknown client or wrong secret')
  const issued = grants.extend(token, call.rules.of(provider), now, exchange.minAgeMs)
  if (!('error' in issued)) return answer(call, issued, 'plain')
  if (issued.error === 'too_young') return deny(call, 'invalid_request', 'The token is too young to be extended')
  return refused(call, unauthorized(issued.error), issued.error)
}

/** RFC 7009: the whole grant ends, and a token that nobody knows is fine too. */
export function answerRevocation({ incoming, grants, now, entry, provider }: OAuthCall): Outgoing {
  const found = grants.whose(parametersOf(incoming).get('token') ?? '')
  if (found?.grant.provider === provider.id) grants.end(found.grant, 'app', now)
  entry.outcome = 'answered'
  return { status: 200, headers: {}, text: '' }
}

/** The token that a request presents here, whatever it is called. */
export function presentedToken({ incoming, grants }: Pick<OAuthCall, 'incoming' | 'grants'>) {
  for (const [, value] of parametersOf(incoming)) {
    const found = grants.whose(value)
    if (found) return found
  }
  return null
}

/** `plain`: RFC 6749's form and no scopes, as exchanges answer. */
function answer({ provider, entry, personas }: OAuthCall, issued: Issued, form: 'own' | 'plain' = 'own'): Outgoing {
  const { grant, accessToken, refreshToken } = issued
  entry.grant = grant.id
  entry.artist = grant.artist ?? undefined
  entry.outcome = 'answered'
  const expiresInSeconds = issued.expiresInMs === null ? null : Math.floor(issued.expiresInMs / 1000)
  const { answer: own } = provider.emulator.oauth ?? {}
  const artist = personas.artist(grant.artist)
  if (own && artist && form === 'own') {
    const account = personas.account(provider, artist)
    const lifetime = expiresInSeconds ?? tenYearsInSeconds
    const { scopes } = grant
    return notStored(
      fromReply({ status: 200, body: own({ accessToken, refreshToken, expiresInSeconds: lifetime, scopes, account }) }),
    )
  }
  const body: Record<string, Json> = { access_token: accessToken, token_type: 'Bearer' }
  if (expiresInSeconds !== null) body.expires_in = expiresInSeconds
  if (refreshToken !== null) body.refresh_token = refreshToken
  if (form === 'own' && grant.kind === 'person' && provider.auth.scheme === 'oauth2')
    body.scope = grant.scopes.join(provider.auth.scopes.separator ?? ' ')
  return notStored(fromReply({ status: 200, body }))
}

/** A verifier without a challenge fails too: somebody may have taken the challenge away (RFC 9700, 4.8.2). */
function provesChallenge({ auth }: Provider, challenge: string | null, verifier: string | null): boolean {
  if (auth.scheme !== 'oauth2' || auth.pkce === 'ignored') return true
  if (challenge === null || verifier === null) return challenge === verifier
  return createHash('sha256').update(verifier).digest('base64url') === challenge
}

const refreshErrors = {
  unknown: 'Invalid refresh token',
  expired: 'Refresh token expired',
  revoked: 'Refresh token revoked',
  reused: 'Refresh token was already used, and everything that it gave is revoked',
} as const

/** Stands for ever in a provider's own form of answer. */
const tenYearsInSeconds = 315_360_000

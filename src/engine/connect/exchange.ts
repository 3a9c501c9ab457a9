import type { ClientCredentials, Json, OAuth2, Provider, TokenRequest } from '@patchbay/kit'
import type { Environment, Integration } from '../../ports/directory.ts'
import type { WireRequest } from '../../ports/network.ts'
import type { Deps } from '../deps.ts'
import type { Vault } from '../vault/vault.ts'
import { withClient } from './integration-secrets.ts'
import { exchange as send, sendTokenRequest } from './send-token-request.ts'
import { readTokens, type Tokens } from './token-answer.ts'
import type { TokenReply } from './token-reply.ts'

/** Where a token request goes: the endpoint comes from the manifest and from nowhere else (T03). */
export interface TokenPlace {
  readonly environment: Environment
  readonly provider: Provider
  readonly integration: Integration
}

/** Requests at a provider's token endpoint: codes, refresh tokens and the provider's own exchanges for tokens. Throws `setup.credentials` when the app is not set up. */
export function openExchange(deps: Pick<Deps, 'clock' | 'networks'>, vault: Vault) {
  /** Not every token is sealed: some are exchanged for others at once, some come too late. Logs know them all the same. */
  const hiding = (read: (body: Json, now: number) => Tokens | null) => (body: Json, now: number) => {
    const tokens = read(body, now)
    for (const text of [tokens?.accessToken, tokens?.refreshToken]) if (text) vault.hide(text)
    return tokens
  }

  const standard = (place: TokenPlace, auth: OAuth2, params: Record<string, string>): Promise<TokenReply> =>
    withClient(vault, place.integration, (client) =>
      sendTokenRequest(
        deps,
        place.environment,
        place.provider,
        tokenForm(auth.tokenUrl, auth.client, client, params),
        hiding((body, now) => readTokens(auth, body, now)),
      ),
    )

  return {
    code(place: TokenPlace, auth: OAuth2, flow: { code: string; redirectUri: string; verifier: string }) {
      vault.hide(flow.code)
      return standard(place, auth, {
        grant_type: 'authorization_code',
        code: flow.code,
        redirect_uri: flow.redirectUri,
        code_verifier: flow.verifier,
      })
    },

    refresh: (place: TokenPlace, auth: OAuth2, refreshToken: string) =>
      standard(place, auth, { grant_type: 'refresh_token', refresh_token: refreshToken }),

    /** A token for a longer one. Such endpoints answer in the standard form even where the first exchange does not. */
    token: (place: TokenPlace, auth: OAuth2, request: TokenRequest, accessToken: string): Promise<TokenReply> =>
      withClient(vault, place.integration, (client) =>
        sendTokenRequest(
          deps,
          place.environment,
          place.provider,
          filled(request, { clientId: client.id, clientSecret: client.secret ?? '', accessToken }),
          hiding((body, now) => readTokens({ ...auth, answer: undefined }, body, now) ?? readTokens(auth, body, now)),
        ),
      ),

    /** A client's own token: of an app, or of an account that has a client id of its own. */
    clientCredentials: (
      place: Omit<TokenPlace, 'integration'>,
      auth: Pick<ClientCredentials, 'tokenUrl' | 'client' | 'scope'>,
      client: { id: string; secret: string | null },
    ): Promise<TokenReply> =>
      sendTokenRequest(
        deps,
        place.environment,
        place.provider,
        tokenForm(auth.tokenUrl, auth.client, client, {
          grant_type: 'client_credentials',
          ...(auth.scope && { scope: auth.scope }),
        }),
        hiding((body, now) => readTokens({}, body, now)),
      ),

    /** RFC 7009. Whatever the provider says is final, unless it could not be asked: then `again`. */
    revoke: (place: TokenPlace, auth: OAuth2, token: string, hint: 'refresh_token' | 'access_token') =>
      withClient(vault, place.integration, async (client): Promise<'final' | 'again'> => {
        if (!auth.revokeUrl) return 'final'
        const params = { token, token_type_hint: hint }
        const answer = await send(deps, place.environment, tokenForm(auth.revokeUrl, auth.client, client, params))
        return 'kind' in answer || answer.status >= 500 || answer.status === 429 ? 'again' : 'final'
      }),
  }
}

export type Exchange = ReturnType<typeof openExchange>

/** The app proves itself in a header or in the form. A public client has only its id; PKCE is its proof. */
function tokenForm(
  url: string,
  how: 'basic' | 'body',
  client: { id: string; secret: string | null },
  params: Record<string, string>,
): WireRequest {
  const headers: Record<string, string> = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  }
  const form = new URLSearchParams(params)
  if (how === 'basic' && client.secret !== null) {
    // RFC 6749, 2.3.1: both are encoded, so that a colon in one of them is none.
    const pair = [client.id, client.secret].map(encodeURIComponent).join(':')
    headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`
  } else {
    form.set('client_id', client.id)
    if (client.secret !== null) form.set('client_secret', client.secret)
  }
  return { method: 'POST', url, headers, body: form.toString() }
}

function filled(request: TokenRequest, values: Readonly<Record<string, string>>): WireRequest {
  const params = new URLSearchParams()
  for (const [name, template] of Object.entries(request.params))
    params.set(
      name,
      template.replace(/\{(clientId|clientSecret|accessToken)\}/g, (_, key: string) => values[key] ?? ''),
    )
  if (request.method === 'GET') {
    const url = new URL(request.url)
    for (const [name, value] of params) url.searchParams.set(name, value)
    return { method: 'GET', url: url.href, headers: { accept: 'application/json' } }
  }
  const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' }
  return { method: 'POST', url: request.url, headers, body: params.toString() }
}

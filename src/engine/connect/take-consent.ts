import { type Auth, Fault, type OAuth2 } from '@patchbay/kit'
import type { Flow } from '../../ports/flows.ts'
import type { Deps } from '../deps.ts'
import type { Vault } from '../vault/vault.ts'
import { authorizationFromFields, carried, sealedFields } from './authorization.ts'
import { verifierOf } from './begin-consent.ts'
import type { Consent } from './consent.ts'
import type { Exchange, TokenPlace } from './exchange.ts'
import { clearIncident, raiseIncident } from './integration-incident.ts'
import { wantedScopes } from './scopes.ts'
import type { Tokens } from './token-answer.ts'
import type { TokenReply } from './token-reply.ts'

/** Exchanges a code for tokens, and those for longer ones where the provider has such. */
export async function consentFromCode(
  deps: Deps,
  vault: Vault,
  exchange: Exchange,
  place: TokenPlace,
  auth: OAuth2,
  flow: Flow,
  code: string,
): Promise<Consent> {
  const { redirectUri, stateHash, environmentId } = flow
  const reply = await vault.open(environmentId, verifierOf(stateHash), flow.verifier, (verifier) =>
    exchange.code(place, auth, { code, redirectUri, verifier: verifier.reveal() }),
  )
  const first = await tokensOf(deps, place, reply)
  const long = auth.lengthen
    ? await tokensOf(deps, place, await exchange.token(place, auth, auth.lengthen, first.accessToken))
    : first
  const scopes = long.scopes ?? first.scopes ?? flow.scopes
  return fromTokens({ ...long, refreshToken: long.refreshToken ?? first.refreshToken, scopes }, auth)
}

/** What the owner typed in is all there is; where the scheme has a token endpoint, a first token proves it. */
export async function consentFromFields(
  deps: Deps,
  exchange: Exchange,
  place: TokenPlace,
  values: Readonly<Record<string, string>>,
): Promise<Consent> {
  const { auth } = place.provider
  const refresh = sealedFields(values)
  if (auth.scheme === 'client_credentials') {
    const reply = await exchange.clientCredentials(place, auth, {
      id: values.clientId ?? '',
      secret: values.clientSecret ?? '',
    })
    // The client is the owner's own: refused, it was typed wrong.
    if (reply.kind === 'refused' || (reply.kind === 'setup' && reply.fault === 'setup.credentials'))
      throw new Fault('connection.unsuitable', 'The platform does not accept this id and secret.', {
        field: 'clientSecret',
      })
    const tokens = await tokensOf(deps, place, reply)
    return { ...fromTokens({ ...tokens, refreshToken: refresh, scopes: tokens.scopes ?? [] }, auth) }
  }
  return {
    access: null,
    refresh,
    accessExpiresAt: null,
    refreshExpiresAt: null,
    scopes: wantedScopes(place.provider, place.integration),
    authorization: authorizationFromFields(auth, values, 1, deps.clock.now()),
  }
}

function fromTokens(tokens: Tokens & { scopes: readonly string[] }, auth: Auth): Consent {
  const { accessToken, refreshToken, accessExpiresAt, refreshExpiresAt, scopes } = tokens
  const carry = auth.scheme === 'oauth2' ? auth.carry : undefined
  const authorization = carried(carry, accessToken, 1)
  return { access: accessToken, refresh: refreshToken, accessExpiresAt, refreshExpiresAt, scopes, authorization }
}

/** The tokens of an answer to somebody who waits for it; everything else is a Fault. */
export async function tokensOf(deps: Deps, { provider, integration }: TokenPlace, reply: TokenReply): Promise<Tokens> {
  const detail = { provider: provider.id, reason: 'reason' in reply ? reply.reason : undefined }
  switch (reply.kind) {
    case 'tokens':
      await clearIncident(deps, integration)
      return reply.tokens
    case 'refused':
      throw new Fault(
        'input.expired',
        'The platform says that this consent was used already or is too old. Start again.',
        detail,
      )
    case 'lost':
      throw new Fault('provider.timeout', undefined, detail)
    case 'setup':
    case 'down':
      await raiseIncident(deps, integration, reply.fault, reply.reason)
      throw new Fault(reply.fault, undefined, detail)
  }
}

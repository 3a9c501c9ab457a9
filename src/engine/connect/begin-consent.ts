import { createHash } from 'node:crypto'
import { minute, type OAuth2 } from '@patchbay/kit'
import type { ConnectSession } from '../../ports/flows.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Vault } from '../vault/vault.ts'
import { hashOf, makeToken } from './browser-secret.ts'
import type { TokenPlace } from './exchange.ts'
import { withClient } from './integration-secrets.ts'
import { wantedScopes } from './scopes.ts'

/**
 * Starts one trip to the provider and returns the address of its consent page. `state` and the PKCE verifier are 256 bits each and made for this
 * trip alone; the verifier is sealed, of `state` only the hash is kept, and both belong to the browser that set out (T01–T04).
 */
export async function beginConsent(
  deps: Pick<Deps, 'clock' | 'random' | 'flows'>,
  setting: Setting,
  vault: Vault,
  trip: {
    place: TokenPlace
    auth: OAuth2
    session: ConnectSession
    cookie: string
    inputs: Readonly<Record<string, string>>
    asNew: boolean
  },
): Promise<string> {
  const { place, auth, session } = trip
  const state = makeToken(deps.random)
  const stateHash = hashOf(state)
  const verifier = makeToken(deps.random)
  const scopes = wantedScopes(place.provider, place.integration)
  const redirectUri = redirectUriOf(setting, place.integration.id)
  await deps.flows.createFlow({
    stateHash,
    environmentId: session.environmentId,
    sessionId: session.id,
    integrationId: place.integration.id,
    browserHash: hashOf(trip.cookie),
    verifier: await vault.seal(session.environmentId, verifierOf(stateHash), verifier),
    redirectUri,
    scopes,
    inputs: trip.inputs,
    asNew: trip.asNew,
    expiresAt: deps.clock.now() + flowMs,
  })
  return withClient(vault, place.integration, async (client) => {
    const url = new URL(pageAddress(setting, place, auth.authorizeUrl))
    const fill = (template: string) => template.replaceAll('{clientId}', client.id)
    for (const [name, value] of Object.entries(auth.authorizeParams ?? {})) url.searchParams.set(name, fill(value))
    url.searchParams.set('response_type', 'code')
    url.searchParams.set('client_id', client.id)
    url.searchParams.set('redirect_uri', redirectUri)
    if (scopes.length > 0) url.searchParams.set('scope', scopes.join(auth.scopes.separator ?? ' '))
    url.searchParams.set('state', state)
    url.searchParams.set('code_challenge', createHash('sha256').update(verifier).digest('base64url'))
    url.searchParams.set('code_challenge_method', 'S256')
    return url.href
  })
}

/** Where the browser finds a page of the provider: in `test` the sandbox's. Nothing but the address differs. */
function pageAddress({ sandboxUrl }: Setting, { environment }: TokenPlace, real: string): string {
  return environment.mode === 'test' && sandboxUrl !== undefined ? real.replace(/^https:\//, sandboxUrl) : real
}

/** One for each integration, so that an answer meant for one is never taken for another's (T03). */
export const redirectUriOf = ({ publicUrl }: Setting, integrationId: string) =>
  `${publicUrl}/oauth/callback/${encodeURIComponent(integrationId)}`

export const verifierOf = (stateHash: string) => ({ row: stateHash, field: 'verifier', generation: 0 })

const flowMs = 10 * minute

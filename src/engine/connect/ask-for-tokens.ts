import type { OAuth2 } from '@patchbay/kit'
import type { Grant } from '../../ports/grants.ts'
import type { Deps } from '../deps.ts'
import type { Vault } from '../vault/vault.ts'
import { openedFields } from './authorization.ts'
import type { Exchange, TokenPlace } from './exchange.ts'
import { type NextTokens, sealNextTokens } from './seal-tokens.ts'
import type { TokenReply } from './token-reply.ts'

/** What is presented: the refresh token, the same again after a refusal, or the one before it where the provider grants a while for that. */
export type Stage = 'first' | 'confirm' | 'previous'

/** Presents what renews the grant. New tokens are sealed before the old secret is closed again. */
export async function askForTokens(
  parts: { deps: Deps; vault: Vault; exchange: Exchange },
  place: TokenPlace,
  grant: Grant,
  stage: Stage,
): Promise<{ reply: TokenReply; next: NextTokens | null }> {
  const { deps, vault, exchange } = parts
  const { auth } = place.provider
  const extended = auth.scheme === 'oauth2' && auth.refresh.model === 'extends'
  const field = stage === 'previous' ? 'previousRefresh' : extended ? 'access' : 'refresh'
  const binding = { row: grant.id, field, generation: grant.generation }
  return vault.open(grant.environmentId, binding, grant[field]!, async (secret) => {
    const askedAt = deps.clock.now()
    let reply: TokenReply
    if (auth.scheme === 'client_credentials') {
      const { clientId = '', clientSecret = '' } = openedFields(secret.reveal())
      reply = await exchange.clientCredentials(place, auth, { id: clientId, secret: clientSecret })
      // This client is the account's own: that it is refused is about the connection and not about the integration.
      if (reply.kind === 'setup' && reply.fault === 'setup.credentials')
        reply = { kind: 'refused', reason: reply.reason }
    } else if (auth.scheme === 'oauth2' && auth.refresh.model === 'extends') {
      reply = await exchange.token(place, auth, auth.refresh.request, secret.reveal())
    } else {
      reply = await exchange.refresh(place, auth as OAuth2, secret.reveal())
    }
    if (reply.kind !== 'tokens') return { reply, next: null }
    const refreshToken = extended ? null : secret.reveal()
    return { reply, next: await sealNextTokens(vault, auth, grant, reply.tokens, { token: refreshToken, at: askedAt }) }
  })
}

import type { Grant, GrantSecrets } from '../../ports/grants.ts'
import type { Vault } from '../vault/vault.ts'
import type { Exchange, TokenPlace } from './exchange.ts'

/**
 * Gives tokens back at the provider: the refresh token first, since with it goes the rest, then the access token (RFC 7009). `again` when the
 * provider could not be asked. What was never issued by a token endpoint is not given back.
 */
export async function revokeTokens(
  vault: Vault,
  exchange: Exchange,
  place: TokenPlace,
  grant: Pick<Grant, 'environmentId' | 'id' | 'generation'> & Pick<GrantSecrets, 'access' | 'refresh'>,
): Promise<'final' | 'again'> {
  const { auth } = place.provider
  if (auth.scheme !== 'oauth2' || !auth.revokeUrl) return 'final'
  for (const field of ['refresh', 'access'] as const) {
    const sealed = grant[field]
    if (sealed === null) continue
    const binding = { row: grant.id, field, generation: grant.generation }
    const outcome = await vault.open(grant.environmentId, binding, sealed, (secret) =>
      exchange.revoke(place, auth, secret.reveal(), `${field}_token`),
    )
    if (outcome === 'again') return 'again'
  }
  return 'final'
}

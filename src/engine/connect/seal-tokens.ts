import { type Auth, dayMs } from '@patchbay/kit'
import type { Grant, GrantSecrets, Grants } from '../../ports/grants.ts'
import type { Deps } from '../deps.ts'
import type { Vault } from '../vault/vault.ts'
import { planRefresh } from './plan-refresh.ts'
import type { Tokens } from './token-answer.ts'

/** What goes into a grant's row with its next generation. */
export type NextTokens = Parameters<Grants['commit']>[3]

/**
 * Seals new tokens for the next generation of a grant. `presented` is the refresh token that was used: it stays where the answer has none, and
 * is kept as the previous one where the answer has another, until that one is used in its turn.
 */
export async function sealNextTokens(
  deps: Pick<Deps, 'clock' | 'random'>,
  vault: Vault,
  auth: Auth,
  grant: Grant,
  tokens: Tokens,
  presented: string | null,
): Promise<NextTokens> {
  const seal = (field: keyof GrantSecrets, text: string) =>
    vault.seal(grant.environmentId, { row: grant.id, field, generation: grant.generation + 1 }, text)
  const refreshToken = tokens.refreshToken ?? presented
  const replaced = presented !== null && refreshToken !== presented
  const refreshedAt = deps.clock.now()
  // The refresh token that stays keeps its own end.
  const refreshExpiresAt = tokens.refreshExpiresAt ?? (replaced ? null : grant.refreshExpiresAt)
  const clocks = {
    refreshedAt,
    accessExpiresAt: tokens.accessExpiresAt,
    refreshExpiresAt,
    refreshable: refreshToken !== null,
  }
  return {
    access: await seal('access', tokens.accessToken),
    refresh: refreshToken === null ? null : await seal('refresh', refreshToken),
    previousRefresh: replaced ? await seal('previousRefresh', presented) : null,
    scopes: tokens.scopes ?? grant.scopes,
    refreshedAt,
    accessExpiresAt: tokens.accessExpiresAt,
    refreshExpiresAt,
    dataAccessExpiresAt: grant.dataAccessExpiresAt,
    refreshDueAt: planRefresh(auth, clocks, deps.random.unit()),
  }
}

/** When the consent itself ends, whatever is refreshed. */
export function consentEndsAt(auth: Auth, consentedAt: number): number | null {
  return auth.scheme === 'oauth2' && auth.consent ? consentedAt + auth.consent.days * dayMs : null
}

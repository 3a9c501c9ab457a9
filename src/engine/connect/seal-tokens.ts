import { type Auth, dayMs } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Grant, GrantSecrets, Grants } from '../../ports/grants.ts'
import type { Vault } from '../vault/vault.ts'
import { endOf, firstWarningAt } from './grant-end.ts'
import { planRefresh, unitOfGrant } from './plan-refresh.ts'
import type { Tokens } from './token-answer.ts'

/** What goes into a grant's row with its next generation. */
export type NextTokens = Parameters<Grants['commit']>[3]

/**
 * Seals new tokens for the next generation of a grant. `presented` is the refresh token that was used, and when: it stays where the answer has none,
 * and is kept as the previous one where the answer has another, until that one is used in its turn. Their age counts from the asking: an answer may have
 * been on its way for long, or its reader have stood still, and the time in which the previous one may be repeated began with the platform's.
 */
export async function sealNextTokens(
  vault: Vault,
  auth: Auth,
  grant: Grant,
  tokens: Tokens,
  presented: { readonly token: string | null; readonly at: Instant },
): Promise<NextTokens> {
  const seal = (field: keyof GrantSecrets, text: string) =>
    vault.seal(grant.environmentId, { row: grant.id, field, generation: grant.generation + 1 }, text)
  const refreshToken = tokens.refreshToken ?? presented.token
  const previous = presented.token === refreshToken ? null : presented.token
  // The refresh token that stays keeps its own end.
  const refreshExpiresAt = tokens.refreshExpiresAt ?? (previous !== null ? null : grant.refreshExpiresAt)
  const clocks = {
    refreshedAt: presented.at,
    accessExpiresAt: tokens.accessExpiresAt,
    refreshExpiresAt,
    dataAccessExpiresAt: grant.dataAccessExpiresAt,
    refreshable: refreshToken !== null,
  }
  return {
    access: await seal('access', tokens.accessToken),
    refresh: refreshToken === null ? null : await seal('refresh', refreshToken),
    previousRefresh: previous === null ? null : await seal('previousRefresh', previous),
    scopes: tokens.scopes ?? grant.scopes,
    ...planLife(auth, { id: grant.id, generation: grant.generation + 1 }, clocks, grant),
  }
}

/** The clocks of new tokens, with what follows from them: when they are looked at again, when they end, and when that is told. `before` is the grant as it was. */
export function planLife(
  auth: Auth,
  next: Pick<Grant, 'id' | 'generation'>,
  {
    refreshable,
    ...clocks
  }: Pick<Grant, 'refreshedAt' | 'accessExpiresAt' | 'refreshExpiresAt' | 'dataAccessExpiresAt'> & {
    readonly refreshable: boolean
  },
  before: Grant | null,
) {
  const unit = unitOfGrant(next)
  const endsAt = endOf(auth, { ...clocks, refreshable }, before)
  // An end that was known already goes on being told where that was.
  const warnDueAt =
    before && before.endsAt === endsAt ? before.warnDueAt : firstWarningAt(endsAt, clocks.refreshedAt, unit)
  return { ...clocks, refreshDueAt: planRefresh(auth, { ...clocks, refreshable, endsAt }, unit), endsAt, warnDueAt }
}

/** When the consent itself ends, whatever is refreshed. */
export function consentEndsAt(auth: Auth, consentedAt: number): number | null {
  return auth.scheme === 'oauth2' && auth.consent ? consentedAt + auth.consent.days * dayMs : null
}

import { Fault } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Deps } from '../deps.ts'
import { carried } from './authorization.ts'
import type { Consent } from './consent.ts'
import type { Exchange, TokenPlace } from './exchange.ts'
import { wantedScopes } from './scopes.ts'
import { consentFromFields, tokensOf } from './take-consent.ts'
import { isToken } from './token-answer.ts'

/** What an account was connected by elsewhere. */
export interface ImportedCredentials {
  readonly accessToken?: string
  readonly refreshToken?: string
  readonly expiresAt?: Instant
  readonly refreshExpiresAt?: Instant
  /** What was granted; what is asked here, when absent. */
  readonly scopes?: readonly string[]
  /** Of schemes without tokens: the manifest's fields. */
  readonly credentials?: Readonly<Record<string, string>>
}

/** Its access token is over, so that nothing can be asked before it is renewed. */
export const needsRenewal = (row: ImportedCredentials, deps: Pick<Deps, 'clock'>): boolean =>
  row.accessToken === undefined || (row.expiresAt !== undefined && row.expiresAt <= deps.clock.now())

/** The same shape as what a consent page gives. To be verified, an access token that is over is renewed first. Throws `input.invalid`. */
export async function consentFromImport(
  deps: Deps,
  exchange: Exchange,
  place: TokenPlace,
  row: ImportedCredentials,
  credentials: Readonly<Record<string, string>>,
  verify: boolean,
): Promise<Consent> {
  const { auth } = place.provider
  const { accessToken, refreshToken } = row
  if (auth.scheme !== 'oauth2') {
    if (accessToken !== undefined || refreshToken !== undefined)
      throw new Fault('input.invalid', `${place.provider.name} has no tokens: bring its credentials.`, {
        field: 'credentials',
      })
    return consentFromFields(deps, exchange, place, credentials)
  }
  for (const [field, token] of Object.entries({ accessToken, refreshToken }))
    if (token !== undefined && !isToken(token)) throw new Fault('input.invalid', 'This is no token.', { field })
  if (accessToken === undefined && refreshToken === undefined)
    throw new Fault('input.invalid', 'Bring an access token, a refresh token or both.', { field: 'accessToken' })
  if (refreshToken === undefined && needsRenewal(row, deps))
    throw new Fault('input.invalid', 'This access token is over, and nothing renews it.', { field: 'expiresAt' })
  const brought = {
    access: accessToken ?? null,
    refresh: refreshToken ?? null,
    accessExpiresAt: accessToken === undefined ? null : (row.expiresAt ?? lifetimeOf(deps, auth.accessLifetimeSeconds)),
    refreshExpiresAt: row.refreshExpiresAt ?? null,
    scopes: row.scopes ?? wantedScopes(place.provider, place.integration),
  }
  if (!verify || !needsRenewal(row, deps))
    return { ...brought, authorization: carried(auth.carry, accessToken ?? '', 1) }
  const reply = await exchange.refresh(place, auth, refreshToken!)
  if (reply.kind === 'refused')
    throw new Fault('connection.expired', 'The platform does not take this refresh token.', { field: 'refreshToken' })
  const tokens = await tokensOf(deps, place, reply)
  return {
    access: tokens.accessToken,
    refresh: tokens.refreshToken ?? brought.refresh,
    accessExpiresAt: tokens.accessExpiresAt,
    refreshExpiresAt: tokens.refreshExpiresAt ?? brought.refreshExpiresAt,
    scopes: tokens.scopes ?? brought.scopes,
    authorization: carried(auth.carry, tokens.accessToken, 1),
  }
}

/** A token of which nobody says when it ends is taken for one that was just given out. */
const lifetimeOf = ({ clock }: Pick<Deps, 'clock'>, seconds: number | undefined): Instant | null =>
  seconds === undefined ? null : clock.now() + seconds * 1000

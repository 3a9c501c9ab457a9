import { dayMs, type OAuth2, type Provider } from '@patchbay/kit'

/** How long things live at a provider, and what becomes of a refresh token that was used. Null: without end. */
export interface TokenRules {
  readonly accessMs: number | null
  /** After a token was lengthened or extended. */
  readonly longMs: number | null
  readonly refreshable: boolean
  readonly rotates: boolean
  /** How long a retired refresh token may be repeated. */
  readonly graceMs: number
  readonly minAgeMs: number
  /** The grant dies so long after consent, whatever is done. */
  readonly consentMs: number | null
  /** The refresh token dies when it is not used for so long. */
  readonly idleMs: number | null
  readonly prefix: { readonly access: string; readonly refresh: string; readonly code: string }
}

/** The rules of all providers, and what was changed of them for this run: a platform that is stricter, or more patient, than the real one. */
export class TokenRuleBook {
  readonly #changes = new Map<string, TokenRuleChange>()

  /** Tokens that are out already keep their end; what becomes of a used one is decided by the rules of the moment. */
  change(provider: string, change: TokenRuleChange): void {
    this.#changes.set(provider, { ...this.#changes.get(provider), ...change })
  }

  of(provider: Provider): TokenRules {
    return { ...tokenRules(provider), ...this.#changes.get(provider.id) }
  }
}

export type TokenRuleChange = Partial<Pick<TokenRules, 'accessMs' | 'rotates' | 'graceMs'>>

export function tokenRules(provider: Provider): TokenRules {
  const { auth, emulator } = provider
  const { accessLifetimeSeconds, longLifetimeSeconds, rotates, tokenPrefix } = emulator.oauth ?? {}
  const refresh: OAuth2['refresh'] = auth.scheme === 'oauth2' ? auth.refresh : { model: 'none' }
  const forever = auth.scheme === 'oauth2' && refresh.model === 'none' && !auth.lengthen
  const accessMs = accessLifetimeSeconds === undefined ? (forever ? null : 3_600_000) : accessLifetimeSeconds * 1000
  const twoStep = auth.scheme === 'oauth2' && auth.lengthen !== undefined
  return {
    accessMs,
    longMs: longLifetimeSeconds === undefined ? (twoStep ? 60 * dayMs : accessMs) : longLifetimeSeconds * 1000,
    refreshable: refresh.model === 'keeps' || refresh.model === 'rotates',
    rotates: rotates ?? refresh.model === 'rotates',
    graceMs: refresh.model === 'rotates' ? refresh.graceMs : 0,
    minAgeMs: refresh.model === 'extends' ? refresh.minAgeMs : 0,
    consentMs: auth.scheme === 'oauth2' && auth.consent ? auth.consent.days * dayMs : null,
    idleMs: auth.scheme === 'oauth2' && auth.idle ? auth.idle.days * dayMs : null,
    prefix: tokenPrefix ?? { access: 'at_', refresh: 'rt_', code: 'code_' },
  }
}

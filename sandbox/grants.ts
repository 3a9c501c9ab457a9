import type { Chance } from './chance.ts'
import type { Ledger } from './ledger.ts'
import type { TokenRules } from './token-rules.ts'

/**
 * Everything that was consented to, with its tokens.
 *
 * A code is `fresh` until it is exchanged (→ `used`) or ten minutes old (→ gone). Using it twice ends the grant it gave.
 * A grant is `alive` until its owner or its app revokes it, a retired refresh token shows up outside its grace (then somebody stole one of
 * the two), or its consent has grown too old. An ended grant never comes back: the next consent makes a new one.
 * A refresh token is `current`, then `retired` when its successor is given out; within the grace a retired one answers with that successor again.
 */
export class Grants {
  readonly #chance: Chance
  readonly #ledger: Ledger
  readonly #grants = new Map<string, Grant>()
  readonly #access = new Map<string, AccessToken>()
  readonly #refresh = new Map<string, RefreshToken>()
  readonly #codes = new Map<string, Code>()
  #count = 0

  constructor(chance: Chance, ledger: Ledger) {
    this.#chance = chance
    this.#ledger = ledger
  }

  list(): Grant[] {
    return [...this.#grants.values()]
  }

  giveCode(code: Omit<Code, 'usedFor' | 'expiresAt'>, rules: TokenRules, now: number): string {
    for (const [text, { expiresAt }] of this.#codes) if (expiresAt + codeMs < now) this.#codes.delete(text)
    const text = this.#secret(rules.prefix.code, 'code')
    this.#codes.set(text, { ...code, usedFor: null, expiresAt: now + codeMs })
    return text
  }

  /** The code, when it can still be exchanged. A second use is a theft, and what the first one gave ends. */
  takeCode(text: string, now: number): Code | null {
    const code = this.#codes.get(text)
    if (!code || code.expiresAt <= now) return null
    if (code.usedFor === null) return code
    this.end(this.#grants.get(code.usedFor)!, 'code_reuse', now)
    return null
  }

  /** A new grant from a code. */
  open(text: string, rules: TokenRules, now: number): Issued {
    const code = this.#codes.get(text)!
    const grant = this.#openGrant(code, rules, now)
    this.#codes.set(text, { ...code, usedFor: grant.id })
    const refreshToken = rules.refreshable && code.offline ? this.#giveRefresh(grant, rules, now) : null
    return { grant, refreshToken, ...this.#giveAccess(grant, rules.accessMs, rules, now) }
  }

  /** A token without a person: the app's own, or that of an account which has a client id of its own. */
  openForApp(of: Pick<Grant, 'provider' | 'app' | 'artist' | 'scopes'>, rules: TokenRules, now: number): Issued {
    const grant =
      this.list().find(
        ({ ended, kind, app, artist, provider }) =>
          kind === 'app' && !ended && app === of.app && artist === of.artist && provider === of.provider,
      ) ?? this.#openGrant({ ...of, kind: 'app' }, rules, now)
    return { grant, refreshToken: null, ...this.#giveAccess(grant, rules.accessMs ?? 3_600_000, rules, now) }
  }

  /** `replace`: gives out a new refresh token even where the provider usually keeps it. */
  refresh(
    text: string,
    rules: TokenRules,
    now: number,
    replace = false,
  ): Issued | { error: RefreshError; grant?: Grant } {
    const token = this.#refresh.get(text)
    const grant = token && this.#grants.get(token.grant)
    if (!token || !grant) return { error: 'unknown' }
    if (grant.ended) {
      if (grant.ended.why === 'app') this.#afterRevocation(grant, now)
      return { error: grant.ended.why === 'age' ? 'expired' : 'revoked', grant }
    }
    if (this.#tooOld(grant, now)) return { error: 'expired', grant }
    if (rules.idleMs !== null && now - grant.refreshUsedAt >= rules.idleMs) {
      this.end(grant, 'age', now)
      return { error: 'expired', grant }
    }
    if (token.retiredAt !== null) {
      if (now - token.retiredAt > rules.graceMs) {
        const detail = { generation: token.generation, current: grant.generation, lateByMs: now - token.retiredAt }
        this.#ledger.violate({
          kind: 'retired_refresh_token',
          provider: grant.provider,
          at: now,
          grant: grant.id,
          detail,
        })
        this.end(grant, 'reuse', now)
        return { error: 'reused', grant }
      }
      return { grant, refreshToken: grant.refreshToken, ...this.#giveAccess(grant, rules.accessMs, rules, now) }
    }
    grant.refreshUsedAt = now
    let refreshToken: string | null = null
    if (rules.rotates || replace) {
      token.retiredAt = now
      grant.generation++
      refreshToken = this.#giveRefresh(grant, rules, now)
    }
    return { grant, refreshToken, ...this.#giveAccess(grant, rules.accessMs, rules, now) }
  }

  /** Exchanges an access token for one that lives longer. What is expired cannot be extended. */
  extend(
    text: string,
    rules: TokenRules,
    now: number,
    minAgeMs: number,
  ): Issued | { error: AccessError | 'too_young' } {
    const found = this.check(text, now)
    if ('error' in found) return found
    const { grant, token } = found
    if (now - token.issuedAt < minAgeMs) return { error: 'too_young' }
    grant.generation++
    return { grant, refreshToken: null, ...this.#giveAccess(grant, rules.longMs, rules, now) }
  }

  /** Whose access token this is, when it is good. */
  check(text: string, now: number): { grant: Grant; token: AccessToken } | { error: AccessError; grant?: Grant } {
    const token = this.#access.get(text)
    const grant = token && this.#grants.get(token.grant)
    if (!token || !grant) return { error: 'invalid' }
    if (grant.ended) {
      if (grant.ended.why === 'app') this.#afterRevocation(grant, now)
      return { error: grant.ended.why === 'age' ? 'expired' : 'revoked', grant }
    }
    if (this.#tooOld(grant, now) || (token.expiresAt !== null && token.expiresAt <= now))
      return { error: 'expired', grant }
    return { grant, token }
  }

  /** Whose token this is, good or not, with its generation. */
  whose(text: string): { grant: Grant; generation: number } | null {
    const token = this.#access.get(text) ?? this.#refresh.get(text)
    const grant = token && this.#grants.get(token.grant)
    return grant ? { grant, generation: token.generation } : null
  }

  end(grant: Grant, why: NonNullable<Grant['ended']>['why'], now: number): void {
    grant.ended ??= { at: now, why }
  }

  /** The access tokens of a grant end now; its refresh token lives. */
  expireAccess(grant: Grant, now: number): void {
    for (const text of grant.accessTokens) {
      const token = this.#access.get(text)
      if (token && (token.expiresAt === null || token.expiresAt > now)) token.expiresAt = now
    }
  }

  snapshot() {
    const { list } = this
    return structuredClone({
      count: this.#count,
      grants: list.call(this),
      access: [...this.#access],
      refresh: [...this.#refresh],
    })
  }

  restore(saved: ReturnType<Grants['snapshot']>): void {
    this.#count = saved.count
    for (const grant of saved.grants) this.#grants.set(grant.id, structuredClone(grant))
    for (const [text, token] of saved.access) this.#access.set(text, { ...token })
    for (const [text, token] of saved.refresh) this.#refresh.set(text, { ...token })
  }

  #openGrant(
    { provider, app, artist, scopes, kind }: Pick<Grant, 'provider' | 'app' | 'artist' | 'scopes' | 'kind'>,
    rules: TokenRules,
    now: number,
  ): Grant {
    const grant: Grant = {
      ...{ id: `grant-${++this.#count}`, kind, provider, app, artist, scopes, consentAt: now },
      diesAt: kind === 'person' && rules.consentMs !== null ? now + rules.consentMs : null,
      ...{ generation: 1, refreshToken: null, refreshUsedAt: now, refreshTokens: [], accessTokens: [], ended: null },
    }
    this.#grants.set(grant.id, grant)
    return grant
  }

  #giveRefresh(grant: Grant, rules: TokenRules, now: number): string {
    const text = this.#secret(rules.prefix.refresh, 'refresh')
    this.#refresh.set(text, { grant: grant.id, generation: grant.generation, retiredAt: null })
    grant.refreshToken = text
    grant.refreshUsedAt = now
    grant.refreshTokens.push(text)
    while (grant.refreshTokens.length > mostTokens) this.#refresh.delete(grant.refreshTokens.shift()!)
    return text
  }

  #giveAccess(grant: Grant, lifetimeMs: number | null, rules: TokenRules, now: number) {
    const text = this.#secret(rules.prefix.access, 'access')
    const expiresAt = lifetimeMs === null ? null : now + lifetimeMs
    this.#access.set(text, { grant: grant.id, generation: grant.generation, issuedAt: now, expiresAt })
    grant.accessTokens.push(text)
    while (grant.accessTokens.length > mostTokens) this.#access.delete(grant.accessTokens.shift()!)
    return { accessToken: text, expiresInMs: lifetimeMs }
  }

  #tooOld(grant: Grant, now: number): boolean {
    if (grant.diesAt === null || now < grant.diesAt) return false
    this.end(grant, 'age', now)
    return true
  }

  #afterRevocation(grant: Grant, now: number): void {
    const detail = { afterMs: now - grant.ended!.at }
    this.#ledger.violate({ kind: 'token_after_revocation', provider: grant.provider, at: now, grant: grant.id, detail })
  }

  #secret(prefix: string, kind: string): string {
    return prefix + this.#chance.text(`${kind}/${++this.#count}`, 40)
  }
}

export interface Grant {
  readonly id: string
  /** `app`: a token that no person consented to. */
  readonly kind: 'person' | 'app'
  readonly provider: string
  /** The app's client id. */
  readonly app: string
  readonly artist: string | null
  readonly scopes: readonly string[]
  readonly consentAt: number
  readonly diesAt: number | null
  generation: number
  refreshToken: string | null
  refreshUsedAt: number
  readonly refreshTokens: string[]
  readonly accessTokens: string[]
  /** `app`: through the revoke endpoint. `owner`: on the provider's own settings page. `age`: consent or refresh token grew too old. */
  ended: { readonly at: number; readonly why: 'app' | 'owner' | 'reuse' | 'code_reuse' | 'age' } | null
}

export interface Issued {
  readonly grant: Grant
  readonly accessToken: string
  /** Null when there is none or the old one stays. */
  readonly refreshToken: string | null
  readonly expiresInMs: number | null
}

export interface Code {
  readonly provider: string
  readonly app: string
  readonly artist: string
  readonly kind: 'person'
  readonly scopes: readonly string[]
  readonly redirectUri: string
  /** PKCE, S256. */
  readonly challenge: string | null
  /** Whether a refresh token was asked for. */
  readonly offline: boolean
  readonly expiresAt: number
  readonly usedFor: string | null
}

interface AccessToken {
  readonly grant: string
  readonly generation: number
  readonly issuedAt: number
  expiresAt: number | null
}

interface RefreshToken {
  readonly grant: string
  readonly generation: number
  retiredAt: number | null
}

export type AccessError = 'invalid' | 'expired' | 'revoked'
export type RefreshError = 'unknown' | 'expired' | 'revoked' | 'reused'

const codeMs = 600_000
/** Of each kind that a grant remembers; an older one is unknown, as at real providers. */
const mostTokens = 100

import type { Json } from './json.ts'

/** A question on the connect page or in the integration's set-up form. */
export interface Field {
  readonly label: string
  readonly help?: string
  /** Hidden while typed and sealed in the vault. */
  readonly secret?: boolean
  readonly required?: boolean
  readonly placeholder?: string
  /** The only answers there are. */
  readonly choices?: readonly string[]
  /** A guess is fine: used when nothing was said. */
  readonly initial?: string
  /** What the sandbox's own app has for it, so that the demo shows the most there is. `initial` when absent. */
  readonly sandbox?: string
}

export type Fields = Readonly<Record<string, Field>>

/** What a token endpoint said, in one shape. Seconds are as the provider gives them. */
export interface TokenAnswer {
  readonly accessToken: string
  readonly refreshToken?: string
  /** Lifetime from when the answer arrived. Absent when the provider says none. */
  readonly expiresInSeconds?: number
  readonly refreshExpiresInSeconds?: number
  /** What was really granted. Absent when the answer does not say: then what was asked. */
  readonly scopes?: readonly string[]
}

/**
 * How a grant stays alive.
 * - `keeps`: a refresh token that stays the same, or is replaced now and then.
 * - `rotates`: each refresh gives a new refresh token and retires the old one; within `graceMs` the old one may be repeated.
 * - `extends`: no refresh token; the access token itself is exchanged for a longer one, after `minAgeMs` and before it expires.
 * - `none`: it lives until it is revoked.
 */
export type Refresh =
  | { readonly model: 'keeps' }
  | { readonly model: 'rotates'; readonly graceMs: number; readonly source: string }
  | {
      readonly model: 'extends'
      readonly request: TokenRequest
      readonly minAgeMs: number
      readonly refreshAfterMs: number
      readonly source: string
    }
  | { readonly model: 'none' }

/** A token request that is not of RFC 6749's form. `{clientId}`, `{clientSecret}` and `{accessToken}` are filled in. */
export interface TokenRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly params: Readonly<Record<string, string>>
}

export interface OAuth2 {
  readonly scheme: 'oauth2'
  readonly authorizeUrl: string
  readonly tokenUrl: string
  /** RFC 7009. Absent where the provider has none. */
  readonly revokeUrl?: string
  /** How the app proves itself at the token endpoint: header or form. */
  readonly client: 'basic' | 'body'
  /** PKCE is always sent. `ignored`: the provider does not check it. */
  readonly pkce: 'S256' | 'ignored'
  readonly scopes: { readonly always: readonly string[]; readonly separator?: ' ' | ',' }
  /** More parameters of the authorize address: `{ access_type: 'offline' }`. */
  readonly authorizeParams?: Readonly<Record<string, string>>
  /** The provider's `iss` in the callback (RFC 9207), when it sends one. */
  readonly issuer?: string
  /** Mends what the provider adds to the code: `(code) => code.replace(/#_$/, '')`. */
  readonly code?: (raw: string) => string
  /** Reads the token endpoint's answer when it is not RFC 6749's. Throws nothing: null when it cannot be read. */
  readonly answer?: (body: Json) => TokenAnswer | null
  /** A second exchange right after the first, for a token that lasts. */
  readonly lengthen?: TokenRequest
  readonly refresh: Refresh
  /** Used when the answer names no lifetime. */
  readonly accessLifetimeSeconds?: number
  /** The grant dies this long after consent, whatever is done. */
  readonly consent?: { readonly days: number; readonly source: string }
  /** The refresh token dies when it is not used for so long. */
  readonly idle?: { readonly days: number; readonly source: string }
  /** How often one app may ask the token endpoint. 600 times in 30 s, a guess, when absent. */
  readonly tokenRate?: { readonly limit: number; readonly perMs: number; readonly source: string }
  /** How the token goes into a call. A bearer header when absent. */
  readonly carry?: Carry
  /** How the app itself is authorized for public data, without any user. */
  readonly app?: AppCredential
}

export type Carry = { readonly header: string; readonly prefix: string } | { readonly query: string }

/** What an app may use for public data. */
export type AppCredential =
  | {
      readonly kind: 'client_credentials'
      readonly tokenUrl: string
      readonly client: 'basic' | 'body'
      readonly scope?: string
    }
  /** A key from the integration's settings field of that name. */
  | { readonly kind: 'key'; readonly setting: string; readonly carry: Carry }

export interface ApiKey {
  readonly scheme: 'api_key'
  readonly carry: Carry
  readonly fields: Fields
}
export interface Basic {
  readonly scheme: 'basic'
  readonly fields: Fields
}
export interface ClientCredentials {
  readonly scheme: 'client_credentials'
  readonly tokenUrl: string
  readonly client: 'basic' | 'body'
  readonly scope?: string
  readonly fields: Fields
}
export interface SignedJwt {
  readonly scheme: 'signed_jwt'
  readonly algorithm: 'ES256' | 'RS256'
  readonly fields: Fields
  readonly claims: (values: Readonly<Record<string, string>>) => Record<string, string | number>
  readonly lifetimeSeconds: number
}
/** A key the user's session is exchanged for, signed per call, that never expires (Last.fm). */
export interface SessionKey {
  readonly scheme: 'session_key'
  readonly authorizeUrl: string
  readonly fields: Fields
}

export type Auth = OAuth2 | ApiKey | Basic | ClientCredentials | SignedJwt | SessionKey

/** OAuth 2 code flow with PKCE. The quirks of a platform are the fields of this object. */
export const oauth2 = (options: Omit<OAuth2, 'scheme'>): OAuth2 => ({ scheme: 'oauth2', ...options })

/** One key for everything, in a header or the query. The connect page asks for it as `key`. */
export const apiKey = (options: { carry: Carry; label?: string; help?: string }): ApiKey => ({
  scheme: 'api_key',
  carry: options.carry,
  fields: { key: { label: options.label ?? 'API key', help: options.help, secret: true, required: true } },
})

/** User name and password, or id and token, as HTTP basic authentication. */
export const basic = (options: { username: string; password: string; help?: string }): Basic => ({
  scheme: 'basic',
  fields: {
    username: { label: options.username, help: options.help, required: true },
    password: { label: options.password, secret: true, required: true },
  },
})

/** The account's own client id and secret, exchanged for short tokens. */
export const clientCredentials = (options: Omit<ClientCredentials, 'scheme' | 'fields'>): ClientCredentials => ({
  scheme: 'client_credentials',
  ...options,
  fields: {
    clientId: { label: 'Client id', required: true },
    clientSecret: { label: 'Client secret', secret: true, required: true },
  },
})

/** A token that we sign ourselves with the account's private key. */
export const signedJwt = (options: Omit<SignedJwt, 'scheme'>): SignedJwt => ({ scheme: 'signed_jwt', ...options })

/** A session key that never expires, obtained in a browser. */
export const sessionKey = (options: Omit<SessionKey, 'scheme'>): SessionKey => ({ scheme: 'session_key', ...options })

export const bearer: Carry = { header: 'authorization', prefix: 'Bearer ' }

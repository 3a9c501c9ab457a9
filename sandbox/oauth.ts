import type { EmulatorReply, Provider } from '@patchbay/kit'
import type { App, Apps } from './apps.ts'
import type { Grants } from './grants.ts'
import type { Incoming } from './incoming.ts'
import type { LedgerEntry } from './ledger.ts'
import { fromReply, type Outgoing } from './outgoing.ts'
import type { Personas } from './personas.ts'
import type { TokenRuleBook } from './token-rules.ts'

/** What the OAuth side of a provider works with while it answers one request. */
export interface OAuthCall {
  readonly provider: Provider
  readonly incoming: Incoming
  readonly apps: Apps
  readonly grants: Grants
  readonly personas: Personas
  readonly rules: TokenRuleBook
  readonly now: number
  /** What is found out about the request goes here. */
  readonly entry: LedgerEntry
  /** Weather: a refresh gives out a new refresh token even where the provider keeps it. */
  readonly rotate: boolean
}

/** Form first, then the query (some providers take GET), then a JSON body. */
export function parametersOf({ form, url, body }: Incoming): URLSearchParams {
  const params = new URLSearchParams(url.searchParams)
  if (body !== null && typeof body === 'object' && !Array.isArray(body))
    for (const [name, value] of Object.entries(body)) if (typeof value === 'string') params.set(name, value)
  for (const [name, value] of form) params.set(name, value)
  return params
}

/** The app proves itself where the provider says it must, in the header or in the form. A public client has only its id. */
export function proveApp({ provider, incoming, apps }: OAuthCall, params: URLSearchParams): App | null {
  const client = clientOf(provider, incoming, params)
  const app = apps.find(provider.id, client?.[0] || params.get('client_id'))
  return app && (app.clientSecret === null || client?.[1] === app.clientSecret) ? app : null
}

/** Id and secret as they were sent. RFC 6749, 2.3.1 encodes both inside the header; ours have nothing to encode, so both ways fit. */
export function clientOf({ auth }: Provider, { headers }: Incoming, params: URLSearchParams): [string, string] | null {
  const how = 'client' in auth ? auth.client : 'body'
  if (how === 'body') return [params.get('client_id') ?? '', params.get('client_secret') ?? '']
  return basicCredentials(headers.authorization)
}

export function basicCredentials(header: string | undefined): [string, string] | null {
  const encoded = /^Basic\s+(\S+)$/i.exec(header ?? '')?.[1]
  if (!encoded) return null
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString().split(':')
  return [decode(id), decode(secret.join(':'))]
}

/** The token endpoint's no, in the provider's words. */
export function deny(call: OAuthCall, error: string, description: string): Outgoing {
  const own = call.provider.emulator.oauth?.error
  if (own) return refused(call, own(error, description), error)
  const body = { error, error_description: description }
  return refused(call, { status: error === 'invalid_client' ? 401 : 400, body }, error)
}

export function refused({ entry }: OAuthCall, reply: EmulatorReply, why: string): Outgoing {
  entry.outcome = 'refused'
  entry.why = why
  return notStored(fromReply(reply))
}

export const notStored = (outgoing: Outgoing): Outgoing => ({
  ...outgoing,
  headers: { ...outgoing.headers, 'cache-control': 'no-store', pragma: 'no-cache' },
})

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The credential where the provider wants it; null when there is nothing. */
export function carried(
  { headers, url }: Incoming,
  carry: { query: string } | { header: string; prefix: string },
): string | null {
  if ('query' in carry) return url.searchParams.get(carry.query)
  const value = headers[carry.header.toLowerCase()]
  if (!value?.toLowerCase().startsWith(carry.prefix.toLowerCase())) return null
  return value.slice(carry.prefix.length)
}

import type { EventData } from './generated/events.ts'

/** An event as an endpoint is sent it. `type` says what its `data` is. */
export type PatchbayEvent = {
  [Type in keyof EventData]: {
    /** The same for every try: remember it, and nothing is done twice. */
    readonly id: string
    readonly type: Type
    readonly timestamp: string
    readonly environment: string
    readonly connection: string | null
    readonly profile: string | null
    readonly data: EventData[Type]
  }
}[keyof EventData]

export type EventHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>

/** A request that is not to be believed. Answer it with 400 and do nothing. */
export class UnverifiedEvent extends Error {
  override readonly name = 'UnverifiedEvent'
}

/**
 * The event of a request, when it is from this server, whole, and not older or newer than five minutes. `body` is the body as it came, before anything
 * parsed it. `secret` is the endpoint's `whsec_…`, or its public key `whpk_…`; during a rotation either of the two does. Throws UnverifiedEvent. Works
 * wherever there is WebCrypto: Node, browsers, workers.
 */
export async function verifyEvent(
  body: string | Uint8Array,
  headers: EventHeaders,
  secret: string,
  options: { readonly toleranceSeconds?: number; readonly now?: Date } = {},
): Promise<PatchbayEvent> {
  const { toleranceSeconds = 300, now = new Date() } = options
  const id = headerOf(headers, 'webhook-id')
  const timestamp = headerOf(headers, 'webhook-timestamp')
  const signatures = headerOf(headers, 'webhook-signature').split(' ')
  const seconds = /^[1-9]\d{0,14}$/.test(timestamp) ? Number(timestamp) : Number.NaN
  if (!(Math.abs(now.getTime() / 1000 - seconds) <= toleranceSeconds))
    throw new UnverifiedEvent('The event was not sent just now: it is a repetition, or one of the two clocks is wrong.')
  const bytes = typeof body === 'string' ? encode(body) : new Uint8Array(body)
  const content = concatenated(encode(`${id}.${timestamp}.`), bytes)
  const { version, check } = await checkOf(secret)
  // A receiver is sent one for each key that is good; more than a few are nobody's.
  for (const signature of signatures.slice(0, 8)) {
    const [name, text] = signature.split(',')
    const signed = name === version && text !== undefined ? fromBase64(text) : null
    if (signed !== null && (await check(signed, content)))
      return JSON.parse(new TextDecoder().decode(bytes)) as PatchbayEvent
  }
  throw new UnverifiedEvent('None of the signatures fits: another secret signed it, or it was changed on the way.')
}

type Bytes = Uint8Array<ArrayBuffer>

async function checkOf(secret: string) {
  const [, kind, text] = /^(?:(whsec|whpk)_)?(.+)$/.exec(secret) ?? []
  const bytes = text === undefined ? null : fromBase64(text)
  if (bytes === null || bytes.length === 0)
    throw new TypeError('A secret looks like whsec_… or whpk_…, with base64 after it.')
  const { subtle } = globalThis.crypto
  if (kind === 'whpk') {
    const key = await subtle.importKey('raw', bytes, { name: 'Ed25519' }, false, ['verify'])
    return { version: 'v1a', check: (signed: Bytes, content: Bytes) => subtle.verify('Ed25519', key, signed, content) }
  }
  const key = await subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
  return { version: 'v1', check: (signed: Bytes, content: Bytes) => subtle.verify('HMAC', key, signed, content) }
}

function headerOf(headers: EventHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : lowerCased(headers)[name]
  if (typeof value !== 'string' || value === '')
    throw new UnverifiedEvent(`The header ${name} is missing: this is no event of ours.`)
  return value
}

const lowerCased = (headers: Exclude<EventHeaders, Headers>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

const encode = (text: string): Bytes => new TextEncoder().encode(text)

function concatenated(one: Bytes, other: Bytes): Bytes {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}

/** Null for what is no base64, or not the one way to write it. */
function fromBase64(text: string): Bytes | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return null
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  return btoa(String.fromCharCode(...bytes)) === text ? bytes : null
}

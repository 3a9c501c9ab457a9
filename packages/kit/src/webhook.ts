import type { Json } from './json.ts'

/** A message as it came, before anything is believed. */
export interface RawMessage {
  readonly method: string
  readonly url: string
  readonly query: Readonly<Record<string, string>>
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** A keyed hash over the raw bytes. Compared in constant time. */
export interface Hmac {
  readonly scheme: 'hmac'
  readonly algorithm: 'sha1' | 'sha256' | 'sha512'
  readonly header: string
  readonly prefix?: string
  readonly encoding: 'hex' | 'base64'
  /** Which secret of the integration: `clientSecret`, or a settings field. */
  readonly secret: string
  /** Header with the time of sending in seconds; older than `toleranceMs` is refused. */
  readonly timestamp?: { readonly header: string; readonly toleranceMs: number }
  /** What is signed, when it is not just the body. */
  readonly over?: (message: RawMessage) => Uint8Array | string
}

/** The provider signs nothing: its messages may wake a stream and are never stored as data. */
export interface Unsigned {
  readonly scheme: 'unsigned'
  readonly reason: string
  readonly source: string
}

export const hmac = (options: Omit<Hmac, 'scheme'>): Hmac => ({ scheme: 'hmac', ...options })
export const unsigned = (reason: string, source: string): Unsigned => ({ scheme: 'unsigned', reason, source })

/** One event inside a message. */
export interface WebhookEvent {
  /** The provider's account it is about. */
  readonly account: string
  readonly type: string
  /** The provider's id; a hash of the body stands in when absent. */
  readonly id?: string
  /** When it was so, in milliseconds by the provider's clock. Of two states of one thing the later counts. When it came in where absent. */
  readonly at?: number
  /** The thing is gone. */
  readonly removed?: true
  readonly data: Json
}

/** What a provider may tell of that is neither a number nor a piece of content. */
export const recordKinds = ['comment', 'mention', 'message', 'reaction', 'lead', 'payment'] as const
export type RecordKind = (typeof recordKinds)[number]

/**
 * A notice that comes to an address of its own, `…/hooks/{integration}/{name}`, which the app's owner registers with the platform beside that of
 * the webhook. It is about a person who uses the app, and not about what their account does.
 */
export interface Callback {
  /** `deauthorized`: the person took access back. It is asked whether that is so. `deletion`: everything of that person has to be deleted. */
  readonly tells: 'deauthorized' | 'deletion'
  readonly verify: SignedRequest
  /** Whom it is about, by the id that consent gave, from what was signed. */
  readonly subject: (claims: Json) => string | null
  /** What the platform wants to hear back of a deletion: where its state can be seen, and by which code. */
  readonly answer?: (deletion: { readonly url: string; readonly code: string }) => Json
  readonly source: string
}

/** `signature.claims` in a field of a form, each base64url, the claims being JSON: HMAC-SHA256 over the text of the claims. */
export interface SignedRequest {
  readonly scheme: 'signed-request'
  readonly field: string
  /** Which secret of the integration: `clientSecret`, or a settings field. */
  readonly secret: string
}

export interface Webhooks {
  readonly verify: Hmac | Unsigned
  /** Answers a handshake, or null when the message is none. The text is echoed as `text/plain`. */
  readonly handshake?: (
    message: RawMessage,
    settings: Readonly<Record<string, string>>,
  ) => { readonly echo: string } | { readonly refuse: true } | null
  readonly events: (body: Json) => readonly WebhookEvent[]
  /** Event type (a trailing `*` matches the rest) → the stream to read. */
  readonly wakes: Readonly<Record<string, string>>
  /** Event type (a trailing `*` matches the rest) → the kind of record that its data is kept as. Never of a provider that signs nothing. */
  readonly keeps?: Readonly<Record<string, RecordKind>>
  /** Event types (a trailing `*` matches the rest) that tell of access taken back, in whole or in part. It is asked whether that is so. */
  readonly access?: readonly string[]
  /** By the last part of their address. */
  readonly callbacks?: Readonly<Record<string, Callback>>
}

/** Declares what a provider sends. */
export const defineWebhooks = (webhooks: Webhooks): Webhooks => webhooks

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
  readonly data: Json
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
}

/** Declares what a provider sends. */
export const defineWebhooks = (webhooks: Webhooks): Webhooks => webhooks

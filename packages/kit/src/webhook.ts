import type { Handshake } from './handshake.ts'
import type { Json } from './json.ts'
import type { Verification } from './signature.ts'

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
  readonly verify: Verification
  readonly handshakes?: readonly Handshake[]
  readonly events: (body: Json) => readonly WebhookEvent[]
  /** Event type (a trailing `*` matches the rest) → the stream to read. */
  readonly wakes: Readonly<Record<string, string>>
}

/** Declares what a provider sends. */
export const defineWebhooks = (webhooks: Webhooks): Webhooks => webhooks

import type { Handshake } from './handshake.ts'
import type { Http } from './http.ts'
import type { Json } from './json.ts'
import type { Verification } from './signature.ts'

/** One event inside a message. */
export interface WebhookEvent {
  /** The provider's account it is about. */
  readonly account: string
  readonly type: string
  /** The provider's id of the event: the same twice is one. A hash of the body stands in when absent. */
  readonly id?: string
  /** The provider's id of the thing whose state this is, where several events may tell of one: the key of its record. The event's id where absent. */
  readonly object?: string
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

/** What a provider’s function knows of one subscription while it asks for it. */
export interface SubscribeContext {
  readonly http: Http
  /** The connected account’s id at the platform. */
  readonly account: string
  readonly topic: string
  /** Of the events that are wanted and that the grant has the permissions for. */
  readonly kinds: readonly string[]
  /** Where its messages have to go. */
  readonly callbackUrl: string
  /** For platforms that are told what to sign with: what `key: { as: 'derived' }` verifies by. */
  readonly secret: string
  readonly leaseSeconds: number | null
}

/** How a platform is told to send messages about one account. */
export interface WebhookSubscription {
  /** What it is called at the platform: the account’s id, the address of a feed. */
  readonly topic: (account: string) => string
  /** Kinds of events, each with a permission that it needs. Those whose permission was not given are left out, and with none left nothing is asked. */
  readonly kinds: Readonly<Record<string, string | null>>
  /** For how long it is asked to hold. For ever when absent. It is renewed when half of that is over. */
  readonly leaseMs?: number
  /** Label of the derived key that `begin` tells, where the platform signs with it. */
  readonly keyLabel?: string
  /** `handshake`: it holds once the platform asked our address. `answer`: once `begin` returns. */
  readonly confirmedBy: 'answer' | 'handshake'
  /** Asks for it, or asks again: both replace what was. */
  readonly begin: (context: SubscribeContext) => Promise<unknown>
  readonly end: (context: SubscribeContext) => Promise<unknown>
  /** Which kinds the platform says it tells of now; null when it has no such subscription. Where it cannot be asked, absent. */
  readonly look?: (context: SubscribeContext) => Promise<readonly string[] | null>
  /** Kind of event → the id of the item that it is about, where reading finds that item too: from that it is known how much was not told of. */
  readonly announces?: Readonly<Record<string, (data: Json) => string | null>>
  readonly source: string
}

export interface Webhooks {
  readonly verify: Verification
  readonly handshakes?: readonly Handshake[]
  /** A form comes as an object of its fields, and what is neither JSON nor a form as text. */
  readonly events: (body: Json) => readonly WebhookEvent[]
  /** Event type (a trailing `*` matches the rest) → the stream to read. */
  readonly wakes: Readonly<Record<string, string>>
  /** Event type (a trailing `*` matches the rest) → the kind of record that its data is kept as. Never of a provider that signs nothing. */
  readonly keeps?: Readonly<Record<string, RecordKind>>
  /** Event types (a trailing `*` matches the rest) that tell of access taken back, in whole or in part. It is asked whether that is so. */
  readonly access?: readonly string[]
  /** How its messages are asked for, one account at a time. Absent where the app’s owner does it by hand. */
  readonly subscription?: WebhookSubscription
  /** By the last part of their address. */
  readonly callbacks?: Readonly<Record<string, Callback>>
}

/** Declares what a provider sends. */
export const defineWebhooks = (webhooks: Webhooks): Webhooks => webhooks

/** What somebody is told: one task, or several together. */
export interface Letter {
  /** The same for every try, so that whoever gets it twice can tell. */
  readonly id: string
  /** One line. */
  readonly subject: string
  readonly text: string
  /** What it comes to, for where there is little room. */
  readonly brief: string
  /** Where in the console all of it stands; null where it is nowhere. */
  readonly link: string | null
  /** The same for programs. */
  readonly data: Readonly<Record<string, unknown>>
}

/** Where a channel leads. */
export type ChannelAddress =
  /** The rows themselves: the console shows them. */
  | { readonly kind: 'console' }
  | { readonly kind: 'email'; readonly to: readonly string[] }
  | { readonly kind: 'webhook'; readonly url: string }
  /** A device, through the push service of its browser: the host of that, once the device has joined. What else it takes is the secret. */
  | { readonly kind: 'push'; readonly publicKey: string; readonly service: string | null }

/** What a browser hands out who wants to be told: https://www.w3.org/TR/push-api/#dom-pushsubscription-tojson. Whoever has it can write there. */
export interface PushSubscription {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

/** The secret of a device, as JSON. The subscription is null until the device has joined. */
export interface PushSecret {
  /** P-256, base64url. */
  readonly privateKey: string
  readonly subscription: PushSubscription | null
}

export type ChannelKind = ChannelAddress['kind']

/** Carries one letter to its reader. Tries once: trying again is for whoever keeps the letter. */
export interface Messenger {
  /**
   * Resolves when the other side took it; with a remark when not all of it went well, such as one of several addresses that was refused. Throws
   * NotDelivered when it did not, or when nobody knows whether it did. `secret` signs it, where the address has one.
   */
  deliver(letter: Letter, address: ChannelAddress, secret: string | null, signal: AbortSignal): Promise<string | null>
}

/** A letter that did not arrive, as far as is known. Says why in a sentence for whoever set up the channel: never a password, a secret or a body. */
export class NotDelivered extends Error {
  override readonly name = 'NotDelivered'
}

import type { Part } from './message-part.ts'

/**
 * A question that a platform asks an address before, or between, its messages. It is answered at once and stored nowhere. What is echoed is
 * letters, digits and `._-`, and not long.
 */
export interface Handshake {
  readonly method: 'GET' | 'POST'
  /** A message is this question when each of these is there, and says what it should where that is given. */
  readonly when: readonly { readonly at: Part; readonly is?: string }[]
  /** Has to be the word that the integration's owner set. Refused otherwise, also while none is set. */
  readonly token?: { readonly at: Part; readonly secret: string }
  /** What is asked about. Refused unless it is something that we asked for. */
  readonly topic?: Part
  /** What is asked about it: that it begins or ends. */
  readonly mode?: Part
  /** For how many seconds a subscription holds once this is answered. */
  readonly leaseSeconds?: Part
  /** Only messages that are signed, as all others are, get an answer. */
  readonly signed?: true
  readonly answer:
    | { readonly text: readonly Answered[] }
    | { readonly json: Readonly<Record<string, readonly Answered[] | number>> }
    | { readonly empty: 204 }
    /** Is answered by asking for an address in the message: over https and only where these allow, both as a whole. */
    | { readonly visit: Part; readonly hosts: RegExp; readonly paths: RegExp }
}

/** Part of an answer: something of the message, or a keyed hash over something of it. */
export type Answered = Part | KeyedAnswer

export interface KeyedAnswer {
  readonly algorithm: 'sha1' | 'sha256'
  readonly secret: string
  /** `sha1`: the key is the secret's digest. */
  readonly key?: { readonly as: 'sha1' }
  readonly encoding: 'hex' | 'base64'
  readonly over: readonly Part[]
}

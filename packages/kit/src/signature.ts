import type { Part, RawMessage } from './message-part.ts'

/**
 * How one knows that a message is the platform's: a keyed hash, a signature with the platform's own key, a shared word, or not at all. Which
 * algorithm, where the signature stands and what is signed is said here and never by the message.
 */
export type Verification = Hmac | PublicKey | Token | BasicPair | Unsigned

/** What hashes and signatures have in common: where the signature stands, what it is over, and when it was made. */
interface Signed {
  /** Where the signature stands. A list may hold several, as while a secret is exchanged; one of them has to be right. */
  readonly at?: Part
  /** Stands before the signature and has to. */
  readonly prefix?: string
  /** May stand before the signature. */
  readonly mayBegin?: string
  readonly encoding: 'hex' | 'base64'
  /** What is signed, piece after piece. The body when absent. */
  readonly over?: readonly Part[]
  /** For what these words cannot say: what has to be proven, each by one of its signatures. Null when the message says nothing of the kind. */
  readonly claims?: (message: RawMessage, setting: (name: string) => readonly string[]) => readonly Claim[] | null
  /** When the platform signed. Farther from now than `toleranceMs` is refused. */
  readonly time?: {
    readonly at: Part
    readonly unit: 'seconds' | 'milliseconds' | 'iso'
    readonly toleranceMs: number
  }
}

export interface Claim {
  /** One of these is right … */
  readonly signatures: readonly string[]
  /** … over one of these. */
  readonly over: readonly (readonly Part[])[]
  /** The hash of the body in hex, when only that is signed. */
  readonly bodySha256?: string
}

/** A keyed hash. It is compared in constant time, in its one right spelling. */
export interface Hmac extends Signed {
  readonly scheme: 'hmac'
  readonly algorithm: 'sha1' | 'sha256' | 'sha512'
  /** Which secret of the integration: `clientSecret`, or a settings field. */
  readonly secret: string
  /** How the secret becomes the key. Its text when absent. */
  readonly key?: KeyForm
}

export type KeyForm =
  /** Decoded, after the prefix where there is one. */
  | { readonly as: 'base64' | 'hex'; readonly prefix?: string }
  /** The digest of the secret. */
  | { readonly as: 'sha1' }
  /** A text that the secret gives and that does not give the secret: for platforms that are told which key to sign with. */
  | { readonly as: 'derived'; readonly label: string }

/** A signature that only the platform can make, by a key that its owner has set, or by one in a certificate that the message names. */
export interface PublicKey extends Signed {
  readonly scheme: 'public-key'
  readonly algorithm: 'ed25519' | 'ecdsa-sha256' | 'rsa-sha1' | 'rsa-sha256'
  readonly key:
    | { readonly setting: string; readonly as: 'raw-hex' | 'spki-base64' }
    /** Fetched over https and only from an address that these allow; both have to match as a whole. */
    | { readonly certificate: Part; readonly hosts: RegExp; readonly paths: RegExp }
}

/** A shared word in the message. It says who sent and nothing about what was sent: whoever reads one message can make others. */
export interface Token {
  readonly scheme: 'token'
  readonly at: Part
  readonly prefix?: string
  readonly secret: string
}

/** A name and a word as in RFC 7617. */
export interface BasicPair {
  readonly scheme: 'basic'
  /** Settings fields. */
  readonly user: string
  readonly secret: string
}

/** The provider signs nothing: its messages may wake a stream and are never stored as data. */
export interface Unsigned {
  readonly scheme: 'unsigned'
  readonly reason: string
  readonly source: string
}

export const hmac = (options: Omit<Hmac, 'scheme'>): Hmac => ({ scheme: 'hmac', ...options })
export const publicKey = (options: Omit<PublicKey, 'scheme'>): PublicKey => ({ scheme: 'public-key', ...options })
export const token = (options: Omit<Token, 'scheme'>): Token => ({ scheme: 'token', ...options })
export const basicPair = (options: Omit<BasicPair, 'scheme'>): BasicPair => ({ scheme: 'basic', ...options })
export const unsigned = (reason: string, source: string): Unsigned => ({ scheme: 'unsigned', reason, source })

import { createHmac, createPrivateKey, createPublicKey, createSecretKey, type KeyObject, sign } from 'node:crypto'
import type { Instant } from '../../ports/clock.ts'
import type { EndpointKey } from '../../ports/deliveries.ts'
import type { Random } from '../../ports/random.ts'

/**
 * Signatures of Standard Webhooks: HMAC-SHA256 with the bytes of `whsec_…`, or Ed25519, where receivers need only the public `whpk_…`. See
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
 */
export function makeSigningKey(
  { random }: { readonly random: Pick<Random, 'bytes' | 'id'> },
  kind: EndpointKey['kind'],
  createdAt: Instant,
): { key: EndpointKey; secret: string } {
  const bytes = Buffer.from(random.bytes(32))
  const publicKey = kind === 'hmac' ? null : `whpk_${publicBytes(privateKeyOf(bytes)).toString('base64')}`
  const secret = `${kind === 'hmac' ? 'whsec_' : 'whsk_'}${bytes.toString('base64')}`
  return { key: { id: random.id('key'), kind, publicKey, createdAt, until: null }, secret }
}

/** The secrets of an endpoint as they are sealed: by the id of their key. */
export type KeySecrets = Readonly<Record<string, string>>

/** One signature of content, as it stands in the header. */
export type Signer = (content: string) => string

/** Those that sign now, newest first. Made ready once for many events. */
export function signersOf(keys: readonly EndpointKey[], secrets: KeySecrets, now: Instant): Signer[] {
  return keys.filter(({ until }) => until === null || until > now).map(({ id, kind }) => signerOf(kind, secrets[id]!))
}

function signerOf(kind: EndpointKey['kind'], secret: string): Signer {
  const bytes = Buffer.from(secret.slice(secret.indexOf('_') + 1), 'base64')
  if (kind === 'hmac') {
    // Bytes would be made into a key for each signature, which takes five times as long as the signature.
    const key = createSecretKey(bytes)
    return (content) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`
  }
  const key = privateKeyOf(bytes)
  return (content) => `v1a,${sign(null, Buffer.from(content), key).toString('base64')}`
}

/** The headers with which a receiver checks a body. */
export function signedHeaders(
  signers: readonly Signer[],
  id: string,
  now: Instant,
  body: string,
): Record<string, string> {
  const seconds = Math.floor(now / 1000)
  const content = `${id}.${seconds}.${body}`
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signers.map((signer) => signer(content)).join(' '),
  }
}

/** RFC 8410: the seed of an Ed25519 key as PKCS #8, and the end of what is exported is the public key. */
const privateKeyOf = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([seedPrefix, seed]), format: 'der', type: 'pkcs8' })
const seedPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicBytes = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)

import { createHmac, hash, type KeyObject, timingSafeEqual, verify as verifySignature } from 'node:crypto'
import type { BasicPair, Claim, Hmac, Part, PublicKey, RawMessage, Token, Webhooks } from '@patchbay/kit'
import type { Instant } from '../../../ports/clock.ts'
import type { Refusal } from '../answer-counts.ts'
import type { Certificates } from './certificates.ts'
import { hmacKeys } from './hmac-keys.ts'
import { publicKeys } from './public-keys.ts'
import { joinParts, notSet, type Secrets, textAt, textsAt, Unreadable, valuesOfSecret } from './read-parts.ts'

/** `why` is for counts and logs of the operator. The sender is told nothing but that it was refused. */
export type Verdict =
  | { readonly ok: true; readonly signedAt: Instant | null }
  | { readonly ok: false; readonly why: string; readonly because: Refusal }

/** What verification asks of the world: certificates, for platforms that sign with one. */
export interface VerifyWorld {
  readonly certificates: Certificates
}

/**
 * Whether a message is the platform's. Decided over the raw bytes, with the current and earlier values of the integration's secrets, by the
 * algorithm that the provider declares. What is unsigned is never right here: whoever takes such messages says so by asking for the scheme. Only where keys
 * have to be fetched is the answer one to wait for.
 */
export function verifyMessage(
  verify: Webhooks['verify'],
  message: RawMessage,
  secrets: Secrets,
  now: Instant,
  world?: VerifyWorld,
): Verdict | Promise<Verdict> {
  try {
    switch (verify.scheme) {
      case 'hmac': {
        const claimed = claimedBy(verify, message, secrets, now)
        return verdictOf(claimed, message, secrets, hashedBy(verify, hmacKeys(verify, secrets)))
      }
      case 'public-key':
        return verifyPublicly(verify, message, secrets, now, world).catch(refuseUnreadable)
      case 'token':
        return verdictOn(isRightToken(verify, message, secrets), null)
      case 'basic':
        return verdictOn(isRightBasic(verify, message, secrets), null)
      case 'unsigned':
        return { ok: false, why: 'the platform signs nothing', because: 'unsigned' }
    }
  } catch (error) {
    return refuseUnreadable(error)
  }
}

function refuseUnreadable(error: unknown): Verdict {
  if (error instanceof Unreadable) return { ok: false, why: error.message, because: error.because }
  throw error
}

async function verifyPublicly(
  verify: PublicKey,
  message: RawMessage,
  secrets: Secrets,
  now: Instant,
  world: VerifyWorld | undefined,
): Promise<Verdict> {
  const claimed = claimedBy(verify, message, secrets, now)
  const keys = await publicKeys(verify, message, secrets, now, world?.certificates)
  return verdictOf(claimed, message, secrets, signedBy(verify, keys))
}

/** What a message says of itself, before it is known whether that is so. */
interface Claimed {
  readonly claims: readonly Claim[]
  readonly encoding: 'hex' | 'base64'
  readonly signedAt: Instant | null
}

function claimedBy(verify: Hmac | PublicKey, message: RawMessage, secrets: Secrets, now: Instant): Claimed {
  const claims = claimsOf(verify, message, secrets)
  const { time, encoding } = verify
  const signedAt = time ? instantAt(time, message) : null
  if (time && !(Math.abs(now - signedAt!) <= time.toleranceMs))
    throw new Unreadable('it was signed too long ago, or in the future', 'too_old')
  return { claims, encoding, signedAt }
}

function verdictOf(
  { claims, encoding, signedAt }: Claimed,
  message: RawMessage,
  secrets: Secrets,
  isRight: (signed: Buffer, signature: Buffer) => boolean,
): Verdict {
  for (const { signatures, over, bodySha256 } of claims) {
    if (bodySha256 !== undefined && !isSame(hash('sha256', message.body), bodySha256))
      return { ok: false, why: 'its body is not the one that was signed', because: 'wrong_signature' }
    const given = signatures.map((signature) => bytesOf(signature, encoding))
    // Every pair is tried, so that the time tells nothing of which was right.
    let found = false
    for (const parts of over)
      for (const signed of joinParts(parts, message, secrets))
        for (const signature of given) if (isRight(signed, signature)) found = true
    if (!found) return { ok: false, why: 'its signature is wrong', because: 'wrong_signature' }
  }
  return { ok: true, signedAt }
}

/** More signatures, or more things to be proven, than any platform sends. */
const [mostSignatures, mostClaims] = [10, 1000]

const wholeBody = [[{ whole: 'body' }]] as const satisfies readonly (readonly Part[])[]

/** What has to be proven: at least one thing, each with at least one signature. */
function claimsOf(verify: Hmac | PublicKey, message: RawMessage, secrets: Secrets): readonly Claim[] {
  const claims = verify.claims
    ? (verify.claims(message, (name) => valuesOfSecret(name, secrets)) ?? [])
    : [{ signatures: signaturesOf(verify, message), over: verify.over ? [verify.over] : wholeBody }]
  if (claims.length === 0 || claims.some(({ signatures }) => signatures.length === 0))
    throw new Unreadable('it is not signed', 'unsigned')
  if (claims.length > mostClaims || claims.some(({ signatures }) => signatures.length > mostSignatures))
    throw new Unreadable('it has more signatures than a message may have')
  return claims
}

function signaturesOf({ at, prefix = '', mayBegin = '' }: Hmac | PublicKey, message: RawMessage): string[] {
  if (at === undefined) throw new Unreadable('nothing says where its signature stands')
  return textsAt(at, message).map((text) => {
    if (!text.startsWith(prefix)) throw new Unreadable(`its signature does not begin with ${prefix}`)
    const signature = text.slice(prefix.length)
    return signature.startsWith(mayBegin) ? signature.slice(mayBegin.length) : signature
  })
}

const hashedBy = (verify: Hmac, keys: readonly KeyObject[]) => (signed: Buffer, signature: Buffer) =>
  keys.map((key) => isDigest(createHmac(verify.algorithm, key).update(signed).digest(), signature)).includes(true)

/** How long a digest is, everybody knows. */
const isDigest = (digest: Buffer, given: Buffer) => given.length === digest.length && timingSafeEqual(digest, given)

const signedBy =
  ({ algorithm }: PublicKey, keys: Awaited<ReturnType<typeof publicKeys>>) =>
  (signed: Buffer, signature: Buffer) =>
    keys.some((key) => verifySignature(hashOf[algorithm], signed, key, signature))

const hashOf = { ed25519: null, 'ecdsa-sha256': 'sha256', 'rsa-sha1': 'sha1', 'rsa-sha256': 'sha256' } as const

/** A signature has one spelling: lower-case hex, or base64 of the standard alphabet with its padding. */
function bytesOf(signature: string, encoding: 'hex' | 'base64'): Buffer {
  const bytes = Buffer.from(signature, encoding)
  if (signature === '' || bytes.toString(encoding) !== signature)
    throw new Unreadable(`its signature is no ${encoding}`)
  return bytes
}

/** Of digests, so that neither length nor first difference can be measured. */
export function isSame(expected: string, given: string): boolean {
  return timingSafeEqual(hash('sha256', expected, 'buffer'), hash('sha256', given, 'buffer'))
}

function instantAt({ at, unit }: NonNullable<Hmac['time']>, message: RawMessage): Instant {
  const text = textAt(at, message)
  const instant =
    unit === 'iso'
      ? /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text)
        ? Date.parse(text)
        : Number.NaN
      : /^\d{1,15}$/.test(text)
        ? Number(text) * (unit === 'seconds' ? 1000 : 1)
        : Number.NaN
  if (Number.isNaN(instant)) throw new Unreadable('its time of signing is no time')
  return instant
}

function isRightToken({ at, prefix = '', secret }: Token, message: RawMessage, secrets: Secrets): boolean {
  return isOneOf(
    textAt(at, message),
    settingsOf(secret, secrets).map((value) => prefix + value),
  )
}

function isRightBasic({ user, secret }: BasicPair, message: RawMessage, secrets: Secrets): boolean {
  const pairs = settingsOf(user, secrets).flatMap((name) =>
    settingsOf(secret, secrets).map((word) => `Basic ${Buffer.from(`${name}:${word}`).toString('base64')}`),
  )
  return isOneOf(textAt({ header: 'authorization' } satisfies Part, message), pairs)
}

function isOneOf(given: string, right: readonly string[]): boolean {
  return right.map((value) => isSame(value, given)).includes(true)
}

function settingsOf(name: string, secrets: Secrets): string[] {
  const values = valuesOfSecret(name, secrets)
  if (values.length === 0) throw notSet(name)
  return values
}

const verdictOn = (isRight: boolean, signedAt: Instant | null): Verdict =>
  isRight ? { ok: true, signedAt } : { ok: false, why: 'it does not hold the right word', because: 'wrong_signature' }

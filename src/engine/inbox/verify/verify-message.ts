import { createHash, createHmac, timingSafeEqual, verify as verifySignature } from 'node:crypto'
import type { BasicPair, Claim, Hmac, Part, PublicKey, RawMessage, Token, Webhooks } from '@patchbay/kit'
import type { Instant } from '../../../ports/clock.ts'
import type { Certificates } from './certificates.ts'
import { hmacKeys } from './hmac-keys.ts'
import { publicKeys } from './public-keys.ts'
import { joinParts, type Secrets, textAt, textsAt, Unreadable, valuesOfSecret } from './read-parts.ts'

/** `why` is for counts and logs of the operator. The sender is told nothing but that it was refused. */
export type Verdict =
  | { readonly ok: true; readonly signedAt: Instant | null }
  | { readonly ok: false; readonly why: string }

/** What verification asks of the world: certificates, for platforms that sign with one. */
export interface VerifyWorld {
  readonly certificates: Certificates
}

/**
 * Whether a message is the platform's. Decided over the raw bytes, with the current and earlier values of the integration's secrets, by the
 * algorithm that the provider declares. What is unsigned is never right here: whoever takes such messages says so by asking for the scheme.
 */
export async function verifyMessage(
  verify: Webhooks['verify'],
  message: RawMessage,
  secrets: Secrets,
  now: Instant,
  world?: VerifyWorld,
): Promise<Verdict> {
  try {
    switch (verify.scheme) {
      case 'hmac':
      case 'public-key':
        return await verifySigned(verify, message, secrets, now, world)
      case 'token':
        return verdictOn(isRightToken(verify, message, secrets), null)
      case 'basic':
        return verdictOn(isRightBasic(verify, message, secrets), null)
      case 'unsigned':
        return { ok: false, why: 'the platform signs nothing' }
    }
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, why: error.message }
    throw error
  }
}

/** More signatures, or more things to be proven, than any platform sends. */
const [mostSignatures, mostClaims] = [10, 1000]

async function verifySigned(
  verify: Hmac | PublicKey,
  message: RawMessage,
  secrets: Secrets,
  now: Instant,
  world: VerifyWorld | undefined,
): Promise<Verdict> {
  const claims = claimsOf(verify, message, secrets)
  const signedAt = verify.time ? instantAt(verify.time, message) : null
  if (verify.time && !(Math.abs(now - signedAt!) <= verify.time.toleranceMs))
    return { ok: false, why: 'it was signed too long ago, or in the future' }
  const isRight =
    verify.scheme === 'hmac'
      ? hashedBy(verify, hmacKeys(verify, secrets))
      : signedBy(verify, await publicKeys(verify, message, secrets, now, world?.certificates))
  for (const { signatures, over, bodySha256 } of claims) {
    if (bodySha256 !== undefined && !isSame(createHash('sha256').update(message.body).digest('hex'), bodySha256))
      return { ok: false, why: 'its body is not the one that was signed' }
    const signed = over.flatMap((parts) => joinParts(parts, message, secrets))
    const given = signatures.map((signature) => spelledRight(signature, verify.encoding))
    // Every pair is tried, so that the time tells nothing of which was right.
    const found = signed.flatMap((bytes) => given.map((signature) => isRight(bytes, signature)))
    if (!found.includes(true)) return { ok: false, why: 'its signature is wrong' }
  }
  return { ok: true, signedAt }
}

/** What has to be proven: at least one thing, each with at least one signature. */
function claimsOf(verify: Hmac | PublicKey, message: RawMessage, secrets: Secrets): readonly Claim[] {
  const claims = verify.claims
    ? (verify.claims(message, (name) => valuesOfSecret(name, secrets)) ?? [])
    : [{ signatures: signaturesOf(verify, message), over: [verify.over ?? [{ whole: 'body' } as const]] }]
  if (claims.length === 0 || claims.some(({ signatures }) => signatures.length === 0))
    throw new Unreadable('it is not signed')
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

const hashedBy = (verify: Hmac, keys: readonly Buffer[]) => (signed: Buffer, signature: string) =>
  keys
    .map((key) => isSame(createHmac(verify.algorithm, key).update(signed).digest(verify.encoding), signature))
    .includes(true)

const signedBy =
  ({ algorithm, encoding }: PublicKey, keys: Awaited<ReturnType<typeof publicKeys>>) =>
  (signed: Buffer, signature: string) =>
    keys.some((key) => verifySignature(hashOf[algorithm], signed, key, Buffer.from(signature, encoding)))

const hashOf = { ed25519: null, 'ecdsa-sha256': 'sha256', 'rsa-sha1': 'sha1', 'rsa-sha256': 'sha256' } as const

/** A signature has one spelling: lower-case hex, or base64 of the standard alphabet with its padding. */
function spelledRight(signature: string, encoding: 'hex' | 'base64'): string {
  if (signature === '' || Buffer.from(signature, encoding).toString(encoding) !== signature)
    throw new Unreadable(`its signature is no ${encoding}`)
  return signature
}

/** Of digests, so that neither length nor first difference can be measured. */
export function isSame(expected: string, given: string): boolean {
  return timingSafeEqual(createHash('sha256').update(expected).digest(), createHash('sha256').update(given).digest())
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
  if (values.length === 0) throw new Unreadable(`no ${name} is set for the integration`)
  return values
}

const verdictOn = (isRight: boolean, signedAt: Instant | null): Verdict =>
  isRight ? { ok: true, signedAt } : { ok: false, why: 'it does not hold the right word' }

import { createHash, timingSafeEqual } from 'node:crypto'
import type { Deps } from '../deps.ts'

/** 256 bits that nobody guesses, for an address or a cookie. */
export function makeToken(random: Deps['random']): string {
  return Buffer.from(random.bytes(32)).toString('base64url')
}

/** What is stored of it. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Whether it is one that `makeToken` made. */
export function isToken(text: unknown): text is string {
  return typeof text === 'string' && /^[\w-]{43}$/.test(text)
}

/** Takes as long wherever the two differ. */
export function sameHash(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)]
  return first.length === second.length && timingSafeEqual(first, second)
}

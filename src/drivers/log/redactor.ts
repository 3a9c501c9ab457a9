import { createHmac, randomBytes } from 'node:crypto'

/** Knows the secrets that are in use and takes them out of text, whatever stands around them. */
export interface Redactor {
  /** Anything shorter than 8 characters is ignored: it would be found in innocent words. */
  registerSecret(value: string): void
  /** The text with every registered secret replaced by `[secret]`, also where it stands percent-encoded, in base64, in hex or escaped for JSON. */
  clean(text: string): string
}

/**
 * Secrets are recognised by value, since names of fields lie. What is kept is no secret: of each, a 32-bit fingerprint of its first
 * characters, its length, and a keyed digest. Cleaning moves a window over the text, and only where the window's fingerprint is known is a
 * digest made: 3 µs for a kilobyte beside 20,000 secrets. `capacity` counts forms, about four a secret; beyond it the oldest are forgotten.
 */
export function openRedactor(options: { capacity?: number } = {}): Redactor {
  const capacity = options.capacity ?? 200_000
  const key = randomBytes(32)
  const digestOf = (text: string) => createHmac('sha256', key).update(text).digest('base64')
  const known = new Map<string, { fingerprint: number; length: number }>()
  /** How many secrets of each length have that fingerprint. */
  const byFingerprint = new Map<number, Map<number, number>>()
  /** One bit for each fingerprint modulo its size: says no at once for nearly all of a text. */
  const perhaps = new Uint32Array(2 ** 15)

  return {
    registerSecret(value) {
      if (value.length < shortest) return
      for (const form of formsOf(value)) remember(form)
    },
    clean(text) {
      if (known.size === 0 || text.length < shortest) return text
      let cleaned = ''
      let copied = 0
      for (let end = shortest, start = 0, print = fingerprintOf(text); ; end++, start++) {
        if (start >= copied && seen(print)) {
          const length = secretAt(text, start, print)
          if (length > 0) {
            cleaned += `${text.slice(copied, start)}[secret]`
            copied = start + length
          }
        }
        if (end >= text.length) break
        print = roll(print, text.charCodeAt(start), text.charCodeAt(end))
      }
      return copied === 0 ? text : cleaned + text.slice(copied)
    },
  }

  function seen(print: number): boolean {
    return (perhaps[(print >>> 5) & 0x7fff]! & (1 << (print & 31))) !== 0
  }

  /** The longest that begins there, so that of two secrets of which one begins the other nothing is left over. */
  function secretAt(text: string, start: number, print: number): number {
    let found = 0
    for (const length of byFingerprint.get(print)?.keys() ?? [])
      if (length > found && start + length <= text.length && known.has(digestOf(text.slice(start, start + length))))
        found = length
    return found
  }

  function remember(form: string): void {
    const digest = digestOf(form)
    const entry = known.get(digest) ?? { fingerprint: fingerprintOf(form), length: form.length }
    if (known.delete(digest)) {
      known.set(digest, entry)
      return
    }
    known.set(digest, entry)
    count(entry, 1)
    perhaps[(entry.fingerprint >>> 5) & 0x7fff]! |= 1 << (entry.fingerprint & 31)
    if (known.size > capacity) {
      const [oldest, its] = known.entries().next().value!
      known.delete(oldest)
      count(its, -1)
    }
  }

  function count({ fingerprint, length }: { fingerprint: number; length: number }, change: 1 | -1): void {
    const lengths = byFingerprint.get(fingerprint) ?? new Map<number, number>()
    const now = (lengths.get(length) ?? 0) + change
    if (now > 0) lengths.set(length, now)
    else lengths.delete(length)
    if (lengths.size > 0) byFingerprint.set(fingerprint, lengths)
    else byFingerprint.delete(fingerprint)
  }
}

const shortest = 8

/** The same secret as it may appear in an address, a header, a dump or a line of JSON. */
function formsOf(value: string): Set<string> {
  const bytes = Buffer.from(value)
  const forms = [
    value,
    encodeURIComponent(value.toWellFormed()),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    JSON.stringify(value).slice(1, -1),
  ]
  return new Set(forms)
}

/** 31^7 modulo 2^32: the weight of the character that leaves the window. */
const leaving = 0x67e12cdf

function fingerprintOf(text: string): number {
  let print = 0
  for (let index = 0; index < shortest; index++) print = (Math.imul(print, 31) + text.charCodeAt(index)) | 0
  return print
}

const roll = (print: number, out: number, incoming: number): number =>
  (Math.imul(print - Math.imul(out, leaving), 31) + incoming) | 0

/**
 * Chance that belongs to a key. There is no shared generator: each decision draws from the text that names it, so that
 * one more draw somewhere changes nothing elsewhere, and a failing run can be shrunk fault by fault.
 * Fast and well mixed, and nothing that must stay secret may rest on it.
 */
export interface Chance {
  /** In [0, 1). */
  unit(key: string): number
  /** A whole number from `low` to `high`, both included. */
  integer(key: string, low: number, high: number): number
  /** Text over an alphabet. */
  text(key: string, length: number, alphabet?: string): string
  /** Two numbers of 32 bits, for `mix`. */
  state(key: string): readonly [number, number]
}

export const digitsAndLetters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export function seededChance(seed: string): Chance {
  // Every key comes after the same seed, whose part of the sum stands once.
  const [first, second] = mixText(firstStart, secondStart, `${seed}\n`)
  const state = (key: string) => finish(...mixText(first, second, key))
  const unit = (key: string) => toUnit(...state(key))
  return {
    state,
    unit,
    integer: (key, low, high) => low + Math.floor(unit(key) * (high - low + 1)),
    text(key, length, alphabet = digitsAndLetters) {
      const [first, second] = state(key)
      // Joined at once: a text that grows letter by letter is kept as a chain of its letters, at ten times its size.
      const letter = (index: number) =>
        alphabet[mix(first ^ Math.imul(index + 1, 0x9e3779b1), second) % alphabet.length]
      return Array.from({ length }, (_, index) => letter(index)).join('')
    },
  }
}

/** 32 well mixed bits of two numbers (the finalizer of MurmurHash3, public domain). */
export function mix(first: number, second: number): number {
  let bits = first ^ Math.imul(second, 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  bits = Math.imul(bits ^ (bits >>> 16) ^ second, 0x27d4eb2f)
  return (bits ^ (bits >>> 15)) >>> 0
}

const toUnit = (first: number, second: number): number => (first * 0x200000 + (second >>> 11)) / 2 ** 53

/** Between these two and `finish` a text goes through `mixText`: 64 bits of it, as two numbers of 32 (cyrb53 by bryc, public domain, keeping both halves). */
const firstStart = 0xdeadbeef | 0
const secondStart = 0x41c6ce57

function mixText(first: number, second: number, text: string): [number, number] {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    first = Math.imul(first ^ code, 2654435761)
    second = Math.imul(second ^ code, 1597334677)
  }
  return [first, second]
}

function finish(first: number, second: number): readonly [number, number] {
  first = Math.imul(first ^ (first >>> 16), 2246822507) ^ Math.imul(second ^ (second >>> 13), 3266489909)
  second = Math.imul(second ^ (second >>> 16), 2246822507) ^ Math.imul(first ^ (first >>> 13), 3266489909)
  return [first >>> 0, second >>> 0]
}

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** As a value, not within a text: most ids of 17 digits are texts, and may be parsed the fast way. */
const longInteger = /(?:^|[:,[])\s*-?[0-9]{16}/

/**
 * Parses JSON without losing digits: an integer beyond 2^53 becomes the string of its digits (Meta sends such ids as numbers).
 * What holds no number of 16 digits takes the fast path.
 */
export function parseJson(text: string): Json {
  if (!longInteger.test(text)) return JSON.parse(text) as Json
  return JSON.parse(text, function keepDigits(_key: string, value: unknown, context?: { source?: string }) {
    const source = context?.source
    return typeof value === 'number' &&
      source !== undefined &&
      !Number.isSafeInteger(value) &&
      /^-?[0-9]+$/.test(source)
      ? source
      : value
  } as (key: string, value: unknown) => unknown) as Json
}

/** Walks into parsed JSON: `at(body, 'error', 'message')`. Undefined where the path ends. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let here = value
  for (const step of path) {
    if (here === null || typeof here !== 'object') return undefined
    here = Object.hasOwn(here, step) ? (here as Record<string | number, unknown>)[step] : undefined
  }
  return here
}

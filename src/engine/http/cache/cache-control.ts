import { Fault, second } from '@patchbay/kit'
import { longestKeptMs } from '../../../ports/response-cache.ts'

/** How old an answer may be that a caller is content with. */
export interface CacheWish {
  readonly maxAgeMs: number
  /** How much older yet, where the platform cannot be asked. */
  readonly staleIfErrorMs: number
}

/** What a caller says about answers that were given before. */
export interface Wishes {
  /** Not even one that is on its way to somebody else. */
  readonly alone: boolean
  /** Null where they did not ask for it: then every answer comes from the platform. */
  readonly cache: CacheWish | null
}

/**
 * `Patchbay-Max-Age: 60`, or HTTP's own `Cache-Control: max-age=60` with `stale-if-error=3600` (RFC 5861), `no-cache` and `no-store`. A request that has
 * conditions of its own, or asks for a part, is between the caller and the platform.
 */
export function wishesOf(method: string, headers: Readonly<Record<string, string | string[] | undefined>>): Wishes {
  const [said, own, pragma] = [headers['cache-control'], headers[maxAgeHeader], headers['pragma']].map(textOf)
  if (said === undefined && own === undefined && pragma === undefined) return noWishes
  const directives = directivesOf(said)
  if (own !== undefined && !/^\d{1,9}$/.test(own))
    throw new Fault('input.invalid', 'Patchbay-Max-Age takes a number of seconds.', { field: 'Patchbay-Max-Age' })
  if (directives.has('no-cache') || directives.has('no-store') || /no-cache/i.test(pragma ?? ''))
    return { alone: true, cache: null }
  const maxAgeMs = secondsOf(own ?? directives.get('max-age'))
  if (maxAgeMs === null || method !== 'GET' || conditions.some((name) => headers[name] !== undefined)) return noWishes
  return { alone: false, cache: { maxAgeMs, staleIfErrorMs: secondsOf(directives.get('stale-if-error')) ?? 0 } }
}

const maxAgeHeader = 'patchbay-max-age'
const noWishes: Wishes = { alone: false, cache: null }
const conditions = ['if-match', 'if-modified-since', 'if-none-match', 'if-unmodified-since', 'range']

/** The directives of a `Cache-Control` by name, in lower case. Of those that come twice the first counts (RFC 9111, 4.2.1). */
export function directivesOf(text: string | undefined): ReadonlyMap<string, string> {
  if (text === undefined) return none
  const directives = new Map<string, string>()
  for (const [, name, quoted, plain] of text.matchAll(/([\w-]+)(?:=(?:"([^"]*)"|([^\s,"]*)))?/g)) {
    const key = name!.toLowerCase()
    if (!directives.has(key)) directives.set(key, quoted ?? plain ?? '')
  }
  return directives
}

const none: ReadonlyMap<string, string> = new Map()

/** In milliseconds. Null for what is no number; nothing is kept for longer than a day, so more than that means a day. */
export function secondsOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d+$/.test(text)) return null
  return Math.min(Number(text) * second, longestKeptMs)
}

const textOf = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(', ') : value)

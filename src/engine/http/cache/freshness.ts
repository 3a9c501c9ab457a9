import { second } from '@patchbay/kit'
import type { Instant } from '../../../ports/clock.ts'
import { longestKeptMs } from '../../../ports/response-cache.ts'
import { type CacheWish, directivesOf, secondsOf } from './cache-control.ts'

/** An answer as it came, and when. */
export interface KeptAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly at: Instant
}

/**
 * What a platform allows to be made of its answer (RFC 9111 and 5861), as a cache of one account's own: `private` is no hindrance and `s-maxage` no matter.
 */
export interface Allowed {
  /** Whether it may be kept at all. */
  readonly keep: boolean
  /** For how long it may be given without asking; null where the platform says nothing, so that it is for the caller to say. */
  readonly freshMs: number | null
  /** For how much longer where nobody can be asked; null where it is never to be given stale. */
  readonly staleIfErrorMs: number | null
}

export function allowedBy({ status, headers, at }: Omit<KeptAnswer, 'body'>): Allowed {
  const directives = directivesOf(headers['cache-control'])
  const keep = status === 200 && !directives.has('no-store') && !/\*/.test(headers['vary'] ?? '')
  const strict = directives.has('no-cache') || directives.has('must-revalidate')
  return {
    keep,
    freshMs: directives.has('no-cache') ? 0 : freshMsOf(directives, headers, at),
    staleIfErrorMs: strict ? null : (secondsOf(directives.get('stale-if-error')) ?? 0),
  }
}

function freshMsOf(
  directives: ReadonlyMap<string, string>,
  headers: KeptAnswer['headers'],
  at: Instant,
): number | null {
  // A number that is none means that it is stale already (RFC 9111, 4.2.1).
  if (directives.has('max-age')) return secondsOf(directives.get('max-age')) ?? 0
  const { expires, date } = headers
  if (expires === undefined) return null
  // The platform's own clock says what its times mean.
  const lasts = Date.parse(expires) - (Date.parse(date ?? '') || at)
  return Number.isNaN(lasts) ? 0 : Math.min(Math.max(0, lasts), longestKeptMs)
}

/**
 * How old it is: since it came, and as long as others kept it before, by their own word. What `Date` says is no part of it: a platform's clock that is an
 * hour off would make every answer an hour old.
 */
export const ageMs = ({ headers, at }: Pick<KeptAnswer, 'headers' | 'at'>, now: Instant) =>
  Math.max(0, now - at) + (secondsOf(headers['age']) ?? 0)

export const isFresh = (kept: KeptAnswer, wish: CacheWish, now: Instant) =>
  ageMs(kept, now) < Math.min(wish.maxAgeMs, allowedBy(kept).freshMs ?? Number.POSITIVE_INFINITY)

/** Whether it is better than nothing. */
export function mayBeStale(kept: KeptAnswer, wish: CacheWish, now: Instant): boolean {
  const { freshMs, staleIfErrorMs } = allowedBy(kept)
  if (staleIfErrorMs === null) return false
  const allowedMs = Math.max(staleIfErrorMs, wish.staleIfErrorMs)
  return allowedMs > 0 && ageMs(kept, now) < Math.min(wish.maxAgeMs, freshMs ?? Number.POSITIVE_INFINITY) + allowedMs
}

/** Until when it can be of use to somebody who wishes the same. What can be asked about by its validator is worth an hour. */
export function keptUntil(kept: KeptAnswer, wish: CacheWish): Instant {
  const { freshMs, staleIfErrorMs } = allowedBy(kept)
  const freshFor = Math.min(wish.maxAgeMs, freshMs ?? Number.POSITIVE_INFINITY)
  const staleFor = staleIfErrorMs === null ? 0 : Math.max(staleIfErrorMs, wish.staleIfErrorMs)
  const usefulMs = Math.max(freshFor + staleFor, Object.keys(questionOf(kept)).length > 0 ? 3_600 * second : 0)
  return kept.at + Math.min(usefulMs, longestKeptMs)
}

/** The headers that ask whether it is still the same: none where the platform gave no validator. */
export function questionOf({ headers }: Pick<KeptAnswer, 'headers'>): Record<string, string> {
  const { etag, 'last-modified': lastModified } = headers
  return { ...(etag && { 'if-none-match': etag }), ...(lastModified && { 'if-modified-since': lastModified }) }
}

/** It is still the same: what was said about it now holds, and it is as old as that. */
export function confirmed(kept: KeptAnswer, headers: KeptAnswer['headers'], at: Instant): KeptAnswer {
  // How long the 304 itself is, which has no body, says nothing of ours.
  const { 'content-length': _, 'content-type': __, ...said } = headers
  const { age: ___, ...before } = kept.headers
  return { ...kept, headers: { ...before, ...said }, at }
}

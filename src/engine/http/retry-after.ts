import { type ApiResponse, nearInstant } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'

/** What an answer's `Retry-After` says, and `Retry-After-Ms`, which some send beside it or instead: the longer of them. */
export function readRetryAfter({ headers, at }: Pick<ApiResponse, 'headers' | 'at'>): number | null {
  const usual = parseRetryAfter(headers['retry-after'], { date: headers['date'], at })
  const text = headers['retry-after-ms']?.trim() ?? ''
  const finer = /^\d+(\.\d+)?$/.test(text) ? clampWait(Number(text)) : null
  return usual === null || finer === null ? (usual ?? finer) : Math.max(usual, finer)
}

/**
 * How long an answer asks to wait, in milliseconds, between 1 s and 24 h whatever it says; null when it says nothing that can be understood.
 * Takes seconds, also broken ones, points in time in HTTP's three forms and in ISO 8601, and instants since 1970 in s, ms or µs, which some send
 * instead of seconds. A point in time is compared with the answer's own `Date`, since clocks differ.
 */
export function parseRetryAfter(
  value: string | undefined,
  answer: { readonly date: string | undefined; readonly at: Instant },
): number | null {
  const text = value?.trim() ?? ''
  const reference = parseHttpDate(answer.date ?? '') ?? answer.at
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text)) return clampWait(waitOfNumber(Number(text), reference))
  // The same header twice arrives as a list.
  if (/^\d+(\s*,\s*\d+)+$/.test(text)) return clampWait(Math.max(...text.split(',').map(Number)) * 1000)
  const until = parseHttpDate(text)
  return until === null ? null : clampWait(until - reference)
}

/** A provider cannot make us ask at once, nor stay away for ever. Null when it is no number at all. */
export function clampWait(ms: number): number | null {
  return Number.isNaN(ms) ? null : Math.min(Math.max(Math.ceil(ms), shortestMs), longestMs)
}

const shortestMs = 1_000
const longestMs = 24 * 3_600_000

/** Numbers of that size are no seconds; they are instants, if that puts them anywhere near. */
function waitOfNumber(value: number, reference: Instant): number {
  const until = value >= 1e9 ? nearInstant(value, reference) : null
  return until === null ? value * 1000 : until - reference
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const time = '(\\d{2}):(\\d{2}):(\\d{2})'
const imf = new RegExp(`^\\w{3}, (\\d{2}) (\\w{3}) (\\d{4}) ${time} (?:GMT|UTC|[+-]0000)$`)
const rfc850 = new RegExp(`^\\w{6,9}, (\\d{2})-(\\w{3})-(\\d{2}) ${time} GMT$`)
const asctime = new RegExp(`^\\w{3} (\\w{3}) ([ \\d]\\d) ${time} (\\d{4})$`)
const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/

/** RFC 9110, section 5.6.7, and ISO 8601 with a zone. */
export function parseHttpDate(text: string): Instant | null {
  let found = imf.exec(text)
  if (found) return instant(Number(found[3]), found[2]!, Number(found[1]), found.slice(4, 7))
  found = rfc850.exec(text)
  // Two digits of a year: this century's, until it is over.
  if (found) return instant(2000 + Number(found[3]), found[2]!, Number(found[1]), found.slice(4, 7))
  found = asctime.exec(text)
  if (found) return instant(Number(found[6]), found[1]!, Number(found[2]), found.slice(3, 6))
  const at = iso.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? null : at
}

function instant(year: number, month: string, day: number, clock: readonly string[]): Instant | null {
  const index = months.indexOf(month)
  const [hours, minutes, seconds] = clock.map(Number)
  if (index < 0 || day < 1 || day > 31 || hours! > 23 || minutes! > 59 || seconds! > 60) return null
  return Date.UTC(year, index, day, hours, minutes, seconds)
}

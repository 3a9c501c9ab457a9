const leastMs = 1_000
const mostMs = 24 * 3_600_000

/**
 * What a Retry-After header asks for, in milliseconds between a second and a day, or null when it says nothing usable. Takes seconds, also with a fraction, and
 * HTTP dates; a date is read against the answer's own Date, since that clock wrote it (F25), and a hostile or broken value is cut or ignored (T28).
 */
export function parseRetryAfter(
  header: string | undefined,
  options: { date: string | undefined; now: number },
): number | null {
  const text = header?.trim()
  if (!text) return null
  if (/^\d{1,15}(\.\d{1,9})?$/.test(text)) return clampWait(Number(text) * 1000)
  // Days of the week in three letters are how all three HTTP date forms begin; Date.parse alone would take much that is none.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return null
  const until = Date.parse(text)
  if (Number.isNaN(until)) return null
  const said = options.date === undefined ? Number.NaN : Date.parse(options.date)
  return clampWait(until - (Number.isNaN(said) ? options.now : said))
}

/** No wait is shorter than a second or longer than a day, whatever a provider says. */
export function clampWait(ms: number): number {
  return Math.min(mostMs, Math.max(leastMs, Math.ceil(ms)))
}

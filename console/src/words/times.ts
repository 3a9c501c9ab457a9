const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** `3 hr. ago`, `in 5 min.`, `now`. */
export function relativeText(at: number, now: number, locale?: string): string {
  const away = at - now
  const size = Math.abs(away)
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' })
  if (size < 45_000) return size < 10_000 ? 'now' : away < 0 ? 'moments ago' : 'in moments'
  if (size < 90 * minute) return format.format(Math.round(away / minute), 'minute')
  if (size < 36 * hour) return format.format(Math.round(away / hour), 'hour')
  if (size < 60 * day) return format.format(Math.round(away / day), 'day')
  if (size < 700 * day) return format.format(Math.round(away / (30.4 * day)), 'month')
  return format.format(Math.round(away / (365.25 * day)), 'year')
}

/** The moment in full, with the zone of the person who reads it and in UTC, which is what logs are written in. */
export function absoluteText(at: number, locale?: string, zone?: string): string {
  const local = new Intl.DateTimeFormat(locale, {
    dateStyle: 'medium',
    timeStyle: 'long',
    timeZone: zone,
  }).format(at)
  return `${local} · ${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** A calendar day, which is the same in every zone: `21 Nov 2026`. */
export function dayText(value: string, locale?: string): string {
  const at = Date.parse(value.length === 10 ? `${value}T00:00:00Z` : value)
  if (Number.isNaN(at)) return value
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(at)
}

/** What was published when: a year stays a year, because nobody said the day. */
export function publishedText(value: string, locale?: string): string {
  if (/^\d{4}$/.test(value)) return value
  if (/^\d{4}-\d{2}$/.test(value))
    return new Intl.DateTimeFormat(locale, { month: 'short', year: 'numeric', timeZone: 'UTC' }).format(
      Date.parse(`${value}-01T00:00:00Z`),
    )
  return dayText(value, locale)
}

/** How long something takes or took: `840 ms`, `12 s`, `4 min`, `6 h`, `2 d`. */
export function lengthText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s`
  if (ms < 90_000) return `${Math.round(ms / 1000)} s`
  if (ms < 90 * minute && ms % hour !== 0) return `${Math.round(ms / minute)} min`
  if (ms < 36 * hour && ms % day !== 0) return `${Math.round(ms / hour)} h`
  return `${Math.round(ms / day)} d`
}

/** `3:41`, as on a record sleeve. */
export function playingTime(ms: number): string {
  const total = Math.round(ms / 1000)
  const seconds = String(total % 60).padStart(2, '0')
  const minutes = Math.floor(total / 60) % 60
  const hours = Math.floor(total / 3600)
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`
}

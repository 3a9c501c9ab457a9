/** What is written where there is no number. Never a zero. */
export const noNumber = '—'

/** A value as its unit is read: `48,213` · `12.5%` · `#3` · `4 h 12 min`. */
export function numberText(value: number, unit: string, locale?: string): string {
  switch (unit) {
    case 'percent':
      return format(value / 100, locale, { style: 'percent', maximumFractionDigits: 1 })
    case 'ratio':
      return format(value, locale, { style: 'percent', maximumFractionDigits: 1 })
    case 'rank':
      return `#${format(value, locale)}`
    case 'seconds':
      return secondsText(value, locale)
    case 'money':
      return format(value, locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
    case 'index':
      return format(value, locale, { maximumFractionDigits: 2 })
    default:
      return format(value, locale, { maximumFractionDigits: 2 })
  }
}

/** The same in little room: `1.2M`. For axes; a headline always has all its digits. */
export function shortNumber(value: number, unit: string, locale?: string): string {
  if (unit === 'percent' || unit === 'ratio' || unit === 'rank') return numberText(value, unit, locale)
  if (unit === 'seconds' && value >= 3600)
    return `${format(value / 3600, locale, { notation: 'compact', maximumFractionDigits: 1 })} h`
  return format(value, locale, { notation: 'compact', maximumFractionDigits: 1 })
}

/** A difference with its sign, and a word for none: a change of zero is a fact, too. */
export function changeText(value: number, unit: string, locale?: string): string {
  if (value === 0) return '±0'
  return `${value > 0 ? '+' : '−'}${numberText(Math.abs(value), unit === 'rank' ? 'count' : unit, locale)}`
}

/** A change as a share of the earlier value: `+12.5%`, and `+0.01%` where it would round to nothing. */
export function shareChangeText(ratio: number, locale?: string): string {
  if (ratio === 0) return '±0%'
  const size = Math.abs(ratio)
  const text = format(size, locale, { style: 'percent', maximumFractionDigits: size < 0.001 ? 2 : 1 })
  return `${ratio > 0 ? '+' : '−'}${text}`
}

/** Whether a change is good news. `null`: neither. */
export function isGoodNews(change: number, direction: string): boolean | null {
  if (change === 0 || direction === 'neutral') return null
  return direction === 'lower_better' ? change < 0 : change > 0
}

export function countText(count: number, one: string, many = `${one}s`, locale?: string): string {
  return `${format(count, locale)} ${count === 1 ? one : many}`
}

/** `812 B`, `1.2 MB`. */
export function sizeText(sizeBytes: number, locale?: string): string {
  const units = ['B', 'kB', 'MB', 'GB'] as const
  let size = sizeBytes
  let at = 0
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000
    at++
  }
  return `${format(size, locale, { maximumFractionDigits: size < 10 && at > 0 ? 1 : 0 })} ${units[at]}`
}

/** How full a limit is, rounded so that a full one is never shown as less and a used one never as none. */
export function percentUsed(used: number, limit: number): number {
  if (limit <= 0) return used > 0 ? 100 : 0
  const percent = (used / limit) * 100
  if (percent >= 100) return Math.floor(percent)
  return percent > 0 && percent < 1 ? 1 : Math.min(99, Math.round(percent))
}

function secondsText(seconds: number, locale?: string): string {
  const sign = seconds < 0 ? '−' : ''
  const total = Math.round(Math.abs(seconds))
  const hours = Math.floor(total / 3600)
  const minutes = Math.floor((total % 3600) / 60)
  if (hours >= 100) return `${sign}${format(hours, locale)} h`
  if (hours > 0) return `${sign}${hours} h ${minutes} min`
  return minutes > 0 ? `${sign}${minutes} min ${total % 60} s` : `${sign}${total} s`
}

function format(value: number, locale?: string, options: Intl.NumberFormatOptions = {}): string {
  return formatter(locale, options).format(value)
}

const formatters = new Map<string, Intl.NumberFormat>()

/** Making a formatter costs far more than using one, and a table makes thousands of numbers. */
function formatter(locale: string | undefined, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify([locale, options])
  let found = formatters.get(key)
  if (!found) {
    found = new Intl.NumberFormat(locale, options)
    formatters.set(key, found)
  }
  return found
}

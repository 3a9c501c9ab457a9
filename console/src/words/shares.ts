import { numberText } from './numbers.ts'

/** A share with as many digits as matter near the whole, and never rounded up to all or down to none. */
export function shareText(share: number, locale?: string): string {
  const digits = share > 0.99 && share < 1 ? 3 : 2
  const least = 10 ** -(digits + 2)
  const shown = share < 1 && share > 1 - least ? 1 - least : share > 0 && share < least ? least : share
  return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: digits }).format(shown)
}

/** Parts of a whole among what stands beside a KPI. The rest are lengths and counts: a count of one is not everything. */
const parts = new Set(['atOnce', 'withinAnHour', 'ofAttempts'])

/** `K7` has nothing but shares of quotas, by their names. */
export function detailText(kpi: string, name: string, value: number, locale?: string): string {
  if (name.endsWith('Ms')) return numberText(value / 1000, 'seconds', locale)
  return kpi === 'K7' || parts.has(name) ? shareText(value, locale) : numberText(value, 'count', locale)
}

/** A share with as many digits as matter near the whole, and never rounded up to all or down to none. */
export function shareText(share: number, locale?: string): string {
  const digits = share > 0.99 && share < 1 ? 3 : 2
  const least = 10 ** -(digits + 2)
  const shown = share < 1 && share > 1 - least ? 1 - least : share > 0 && share < least ? least : share
  return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: digits }).format(shown)
}

/** How far back a chart looks. */
export const ranges = ['28d', '90d', '1y', 'all'] as const
export type Range = (typeof ranges)[number]

export const rangeNames: Record<Range, string> = { '28d': '28 days', '90d': '90 days', '1y': '1 year', all: 'All' }

const daysBack: Record<Exclude<Range, 'all'>, number> = { '28d': 28, '90d': 90, '1y': 365 }

/** The first day of a range that ends today, in UTC; undefined for all there is. */
export function firstDay(range: Range, now: number): string | undefined {
  return range === 'all' ? undefined : dayOf(now - daysBack[range] * 86_400_000)
}

export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** The day after, or some days later. */
export function addDays(day: string, days: number): string {
  return dayOf(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000)
}

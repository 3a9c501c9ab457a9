/** `consumption.views_daily` → `Views per day`. What it means exactly is in the definition, which the API has. */
export function metricName(metric: string): string {
  const last = metric.slice(metric.indexOf('.') + 1)
  const daily = last.endsWith('_daily')
  const words = (daily ? last.slice(0, -'_daily'.length) : last).replace(/_/g, ' ')
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${daily ? ' per day' : ''}`
}

const families = ['audience', 'consumption', 'engagement', 'standing', 'catalogue', 'revenue', 'derived']

/** `audience.followers` → `Audience`. */
export function metricFamily(metric: string): string {
  const family = metric.slice(0, Math.max(0, metric.indexOf('.')))
  return family.charAt(0).toUpperCase() + family.slice(1)
}

/** Families in the order in which people ask: who is there, what they hear, what they do. */
export function byFamily(a: string, b: string): number {
  const order = (metric: string) => {
    const at = families.indexOf(metric.slice(0, Math.max(0, metric.indexOf('.'))))
    return at < 0 ? families.length : at
  }
  return order(a) - order(b) || a.localeCompare(b)
}

/** How sure a number is. */
export const provenanceNames: Readonly<Record<string, { name: string; says: string }>> = {
  measured: { name: 'Measured', says: 'The platform said so, for exactly this account and day.' },
  provider_estimate: { name: 'Platform’s estimate', says: 'The platform itself rounds or models this number.' },
  imported: { name: 'Imported', says: 'It was imported from a file.' },
  derived: { name: 'Derived', says: 'Computed from numbers that were read.' },
  modelled: { name: 'Modelled', says: 'An estimate of a model, not a measurement.' },
  interpolated: { name: 'Interpolated', says: 'Fills a gap between two readings.' },
  self_reported: { name: 'Self-reported', says: 'Somebody typed it.' },
}

import { Fault, type MetricDefinition } from '@patchbay/kit'
import { definitionOf } from './point.ts'

/** Throws `input.invalid` where a week or a month of a metric would be a sum of what cannot be added, and says what can be had. */
export function refuseRollUp(metrics: readonly string[], period: 'week' | 'month'): void {
  if (metrics.length === 0)
    throw new Fault('input.invalid', `Name the metrics: not every metric can be summed up by ${period}.`, {
      field: 'metric',
    })
  for (const metric of metrics) {
    const { rollUp, window } = definitionOf(metric)
    if (rollUp !== 'refused') continue
    const instead =
      window === 'P28D' || window === 'P30D'
        ? `Ask for days: each one already covers the ${window.slice(1, -1)} days before its end.`
        : 'Ask for days.'
    throw new Fault(
      'input.invalid',
      `${metric} counts different people or accounts: days of it cannot be added to a ${period}. ${instead}`,
      { field: 'granularity' },
    )
  }
}

/**
 * Why the numbers of several accounts do not make one number, in a sentence that says what can be had instead; null where they do. `platforms`: whether
 * the accounts are on several.
 */
export function whyNoTotal(metric: string, platforms: boolean): string | null {
  const definition = definitionOf(metric)
  if (!definition.additiveOver.includes('account'))
    return `${metric} ${reasonOf(definition)} Take the number of each account.`
  if (platforms && !definition.additiveOver.includes('platform'))
    return `${metric} is counted by each platform’s own rule, so platforms cannot be added. Take the accounts of one platform.`
  return null
}

function reasonOf({ uniqueness, unit, kind }: MetricDefinition): string {
  if (uniqueness !== 'events')
    return 'counts different people or accounts, and who is on two of them would be counted twice.'
  if (kind === 'rank') return 'is a place, and places cannot be added.'
  if (unit === 'index' || unit === 'ratio' || unit === 'percent')
    return `is ${unit === 'index' ? 'a score on the platform’s own scale' : `a ${unit}`}, and cannot be added.`
  if (kind === 'gauge') return 'is a state, and the same thing may be on several accounts.'
  return 'is about the accounts’ own people, and who is on two of them would be counted twice.'
}

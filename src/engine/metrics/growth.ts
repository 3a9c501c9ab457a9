import { daysBetween } from '@patchbay/kit'
import type { StoredObservation } from '../../ports/records.ts'

export interface Growth {
  readonly value: number | null
  /** Why there is none. */
  readonly reason: 'no_earlier_value' | 'definition_changed' | 'no_value' | 'not_over' | null
  /** The earlier day it is counted from. */
  readonly since: string | null
}

/**
 * How much one series of states grew over `days` days: newest value minus the newest one that is at least so old, and at most half as long again. It is
 * derived on read and never stored. A change of the provider's definition in between ends it: before and after do not compare.
 */
export function growthOf(series: readonly StoredObservation[], days: number): Growth {
  const newest = series.at(-1)
  if (!newest || newest.value === null) return { value: null, reason: 'no_value', since: null }
  const old = series.findLast(({ day, value }) => value !== null && daysBetween(day, newest.day) >= days)
  if (!old || old.value === null || daysBetween(old.day, newest.day) > days * 1.5)
    return { value: null, reason: 'no_earlier_value', since: null }
  const between = series.slice(series.indexOf(old))
  if (between.some(({ version }) => version !== newest.version))
    return { value: null, reason: 'definition_changed', since: old.day }
  return { value: newest.value - old.value, reason: null, since: old.day }
}

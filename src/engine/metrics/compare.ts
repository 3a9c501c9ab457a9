import { type Day, metricDefinition } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { StoredObservation } from '../../ports/records.ts'
import { type Against, firstDayBefore, lastDayOf, type Period } from './periods.ts'
import { goesOn, type MetricPoint } from './point.ts'
import { type Coverage, changeWithin } from './roll-up.ts'

/** A period beside an earlier one. */
export interface Comparison {
  readonly against: Against
  /** First day of the earlier period; null when there is no such day. */
  readonly day: Day | null
  readonly value: number | null
  readonly coverage: Coverage | null
  readonly change: number | null
  /** The change as a share of the earlier value. Null where that says nothing: after 0, and of places and scores. */
  readonly ratio: number | null
  /** Why there is no change. */
  readonly reason: string | null
}

/** One series in its periods, each by its first day. */
export interface PeriodsOfSeries {
  readonly rows: readonly StoredObservation[]
  readonly points: ReadonlyMap<Day, MetricPoint>
}

/**
 * A period against the earlier one. Growth stops where the platform changed how it counts, or its zone, at any day from the beginning of the one to
 * the end of the other; and at a change of currency, after which the amounts are in another series of `siblings`. Of a day that goes on there is a part.
 */
export function compareWith(
  own: MetricPoint,
  { rows, points }: PeriodsOfSeries,
  {
    against,
    granularity,
    siblings,
    now,
  }: { against: Against; granularity: Period; siblings: readonly PeriodsOfSeries[]; now: Instant },
): Comparison {
  const day = firstDayBefore(own.period.day, granularity, against)
  const earlier = day === null ? undefined : points.get(day)
  const compared = { against, day, value: earlier?.value ?? null, coverage: earlier?.coverage ?? null }
  const none = (reason: string) => ({ ...compared, change: null, ratio: null, reason })
  if (day === null) return none('no_such_day')
  if (!earlier) return none(siblings.some((other) => other.points.has(day)) ? 'unit_changed' : 'no_earlier_value')
  const lastDay = lastDayOf(own.period.day, granularity)
  const changed = changeWithin(rows.filter((row) => row.day >= day && row.day <= lastDay))
  if (changed !== null) return none(changed)
  if (own.value === null) return none('no_value')
  if (granularity === 'day' && goesOn({ metric: own.metric, ...own.period }, now)) return none('not_over')
  if (earlier.value === null) return none(earlier.reason ?? 'no_earlier_value')
  const change = own.value - earlier.value
  const hasShares = ['count', 'seconds', 'money'].includes(metricDefinition(own.metric)?.unit ?? '')
  return { ...compared, change, ratio: hasShares && earlier.value > 0 ? change / earlier.value : null, reason: null }
}

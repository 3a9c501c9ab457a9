import { addDays, type Day, dayOf, startOfDay } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { StoredObservation } from '../../ports/records.ts'
import { firstDayOf, lastDayOf } from './periods.ts'
import { definitionOf, type MetricPoint } from './point.ts'

/** How much of a week or a month is known. */
export interface Coverage {
  /** Nothing is missing that could still change the value. */
  readonly complete: boolean
  /** Of a state: the day whose value it is, the last one known. Null for a sum. */
  readonly valueDay: Day | null
  /** Of a sum: what the known days come to. It is the value when the period is complete, and no value of the period when it is not. */
  readonly soFar: number | null
  /** Of a sum every day without a value, of a state those after `valueDay`. */
  readonly missing: readonly MissingDays[]
}

/** Days from first to last, both included, that are missing for one reason: a null's own, `not_over`, or `not_read`. */
export interface MissingDays {
  readonly from: Day
  readonly to: Day
  readonly reason: string
}

/** The point of a week or a month from those of its days, which are of one series and in order. `rows` and `days` belong together, one by one. */
export function rollUp(
  rows: readonly StoredObservation[],
  days: readonly MetricPoint[],
  { granularity, now }: { granularity: 'week' | 'month'; now: Instant },
): MetricPoint {
  const { metric, period } = days.at(-1)!
  const { timezone } = period
  const day = firstDayOf(period.day, granularity)
  const whole: Whole = {
    rows,
    days,
    lastDay: lastDayOf(day, granularity),
    today: dayOf(now, timezone),
    period: {
      ...{ day, timezone, granularity },
      start: startOfDay(day, timezone),
      end: startOfDay(addDays(lastDayOf(day, granularity), 1), timezone),
    },
  }
  return definitionOf(metric).rollUp === 'sum' ? sum(whole, now) : lastKnown(whole)
}

interface Whole {
  readonly rows: readonly StoredObservation[]
  readonly days: readonly MetricPoint[]
  readonly period: MetricPoint['period']
  readonly lastDay: Day
  readonly today: Day
}

/**
 * A sum only of all days, and only of days that were counted by one rule in one zone: with another zone in between, some hours are in it twice or not at
 * all. A day that goes on is missing even when it has a value already.
 */
function sum(whole: Whole, now: Instant): MetricPoint {
  const { rows, days, period, lastDay } = whole
  const missing = missingDays(whole, period.day)
  const change = changeWithin(rows)
  const soFar = change === null ? days.reduce((total, { value }) => total + (value ?? 0), 0) : null
  const reason = missing.length > 0 ? 'incomplete' : change
  return {
    ...days.at(-1)!,
    period,
    value: reason === null ? soFar : null,
    reason,
    asOf: Math.min(period.end, now),
    fetchedAt: Math.min(...days.map(({ fetchedAt }) => fetchedAt)),
    provenance: 'derived',
    final: reason === null && whole.today > lastDay && days.every(({ final }) => final),
    coverage: {
      complete: missing.length === 0,
      valueDay: null,
      soFar: days.some(({ value }) => value !== null) ? soFar : null,
      missing,
    },
  }
}

/** What was known last, with its day: a null after it says that nobody knows whether it still holds, and not that it does not. */
function lastKnown(whole: Whole): MetricPoint {
  const { days, period, lastDay, today } = whole
  const point = days.findLast(({ value }) => value !== null) ?? days.at(-1)!
  const valueDay = point.value === null ? null : point.period.day
  const missing = missingDays(
    whole,
    valueDay === null ? period.day : valueDay === lastDay ? lastDay : addDays(valueDay, 1),
  )
  return {
    ...point,
    period,
    final: point.final && today > lastDay,
    coverage: { complete: missing.length === 0, valueDay, soFar: null, missing },
  }
}

function missingDays({ rows, lastDay, today }: Whole, from: Day): MissingDays[] {
  const byDay = new Map(rows.map((row) => [row.day, row]))
  const runs: MissingDays[] = []
  for (let day = from; day <= lastDay; day = addDays(day, 1)) {
    const row = byDay.get(day)
    const reason =
      day >= today
        ? 'not_over'
        : row === undefined
          ? 'not_read'
          : row.value === null
            ? (row.reason ?? 'unavailable')
            : null
    if (reason === null) continue
    const last = runs.at(-1)
    if (last?.reason === reason && addDays(last.to, 1) === day) runs[runs.length - 1] = { ...last, to: day }
    else runs.push({ from: day, to: day, reason })
  }
  return runs
}

/** What keeps days of one series from being added or compared, if anything does. A state does not depend on when its day began; an amount does. */
export function changeWithin(rows: readonly StoredObservation[]): 'definition_changed' | 'timezone_changed' | null {
  const [first] = rows
  if (first === undefined) return null
  if (rows.some(({ version }) => version !== first.version)) return 'definition_changed'
  const isAmount = definitionOf(first.metric).rollUp === 'sum'
  return isAmount && rows.some(({ timezone }) => timezone !== first.timezone) ? 'timezone_changed' : null
}

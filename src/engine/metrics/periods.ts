import { addDays, type Day } from '@patchbay/kit'

export type Period = 'day' | 'week' | 'month'
/** The period just before, or the one a year before. */
export type Against = 'previous' | 'year'

/** The first day of the day, week or month that a day is in. Weeks begin on Monday. */
export function firstDayOf(day: Day, period: Period): Day {
  if (period === 'month') return `${day.slice(0, 8)}01`
  if (period !== 'week') return day
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay()
  return addDays(day, -((weekday + 6) % 7))
}

export function lastDayOf(day: Day, period: Period): Day {
  if (period === 'month') return addDays(firstDayOf(addDays(firstDayOf(day, 'month'), 32), 'month'), -1)
  return period === 'week' ? addDays(firstDayOf(day, 'week'), 6) : day
}

/**
 * The first day of the period to compare with. A week's year is 52 weeks, so that a Monday meets a Monday. Null for 29 February, which has no such day
 * a year before.
 */
export function firstDayBefore(firstDay: Day, period: Period, against: Against): Day | null {
  if (against === 'previous') return firstDayOf(addDays(firstDay, -1), period)
  if (period === 'week') return addDays(firstDay, -52 * 7)
  if (firstDay.endsWith('-02-29')) return null
  return `${String(Number(firstDay.slice(0, 4)) - 1).padStart(4, '0')}${firstDay.slice(4)}`
}

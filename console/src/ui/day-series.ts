import { addDays, dayOf } from '../address/date-range.ts'
import type { Coverage, Step } from '../words/periods.ts'

/** A value of one day, week or month, as charts and their tables show it. */
export interface DayPoint {
  /** The first day of a week or a month. */
  readonly day: string
  readonly value: number | null
  /** Why there is no value. */
  readonly reason: string | null
  /** The platform may still correct a day that is not final. */
  readonly final: boolean
  /** The platform's rule for counting, where it has changed over time. */
  readonly version?: string | null
  readonly coverage?: Coverage | null
  /** The earlier period beside it, when that was asked for. */
  readonly beside?: Beside | null
  /** What the parts of a total that are there come to. */
  readonly known?: number | null
}

export interface Beside {
  readonly day: string | null
  readonly value: number | null
  readonly change: number | null
  readonly ratio: number | null
  /** Why there is no change. */
  readonly reason: string | null
}

/**
 * Every period from the first to the last. One that nobody spoke of is a gap: neither zero nor the one before. Before the first reading there is
 * nothing to miss, so they begin there, also when the range began earlier.
 */
export function everyPeriod(
  points: readonly DayPoint[],
  bounds: { from?: string; to?: string } = {},
  step: Step = 'day',
): DayPoint[] {
  const known = new Map(points.map((point) => [point.day, point]))
  const days = [...known.keys()].sort()
  const first = days[0]
  const wanted = bounds.from === undefined ? undefined : firstDayIn(bounds.from, step)
  const from = first === undefined || (wanted !== undefined && wanted > first) ? wanted : first
  const to = bounds.to ?? days.at(-1)
  if (from === undefined || to === undefined) return []
  const all: DayPoint[] = []
  for (let day = from; day <= to && all.length < 20_000; day = nextPeriod(day, step))
    all.push(known.get(day) ?? { day, value: null, reason: 'absent', final: true })
  return all
}

/** The Monday of its week, or the first of its month. */
export function firstDayIn(day: string, step: Step): string {
  if (step === 'month') return `${day.slice(0, 8)}01`
  if (step === 'week') return addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7))
  return day
}

/** The last day of the week or month that begins on `day`. */
export const lastDayIn = (day: string, step: Step): string => addDays(nextPeriod(day, step), -1)

function nextPeriod(day: string, step: Step): string {
  if (step === 'day') return addDays(day, 1)
  if (step === 'week') return addDays(day, 7)
  const at = new Date(`${day}T00:00:00Z`)
  return dayOf(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1))
}

/** A place where growth stops: the platform counted by another rule from there on. */
export interface Break {
  /** Of the first period after it, in the list. */
  readonly index: number
  readonly day: string
  readonly from: string | null
  readonly to: string | null
}

/** Where the rule of counting changed between one known period and the next. A gap between them does not hide it. */
export function breaksOf(days: readonly DayPoint[]): Break[] {
  const breaks: Break[] = []
  let last: DayPoint | undefined
  for (const [index, point] of days.entries()) {
    if (point.version === undefined) continue
    if (last && last.version !== point.version)
      breaks.push({ index, day: point.day, from: last.version ?? null, to: point.version })
    last = point
  }
  return breaks
}

/**
 * What is final and what is not, as two lines. A dashed line begins at the last final day, so that the two meet; bars stand for themselves. Nothing
 * meets across a break.
 */
export function splitFinal(
  days: readonly DayPoint[],
  joined: boolean,
): { final: (number | null)[]; provisional: (number | null)[] } {
  const final = days.map((day) => (day.final ? day.value : null))
  const provisional = days.map((day, index) => {
    if (!day.final) return day.value
    const next = days[index + 1]
    const meets = joined && next !== undefined && !next.final && next.value !== null && next.version === day.version
    return meets ? day.value : null
  })
  return { final, provisional }
}

/** Places with a value and none on either side: a line cannot show them, so they get a dot. */
export function lonely(values: readonly (number | null)[]): number[] {
  return values.flatMap((value, index) =>
    value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null ? [index] : [],
  )
}

import { addDays } from '../address/date-range.ts'

/** A value of one day, as charts and their tables show it. */
export interface DayPoint {
  readonly day: string
  readonly value: number | null
  /** Why there is no value. */
  readonly reason: string | null
  /** The platform may still correct a day that is not final. */
  readonly final: boolean
}

/**
 * Every day from the first to the last. A day that nobody spoke of is a gap: neither zero nor the day before. Before the first reading there is
 * nothing to miss, so the days begin there, also when the range began earlier.
 */
export function everyDay(points: readonly DayPoint[], bounds: { from?: string; to?: string } = {}): DayPoint[] {
  const known = new Map(points.map((point) => [point.day, point]))
  const days = [...known.keys()].sort()
  const first = days[0]
  const from = first === undefined || (bounds.from !== undefined && bounds.from > first) ? bounds.from : first
  const to = bounds.to ?? days.at(-1)
  if (from === undefined || to === undefined) return []
  const all: DayPoint[] = []
  for (let day = from; day <= to && all.length < 20_000; day = addDays(day, 1))
    all.push(known.get(day) ?? { day, value: null, reason: 'absent', final: true })
  return all
}

/**
 * What is final and what is not, as two lines. A dashed line begins at the last final day, so that the two meet; bars stand for themselves.
 */
export function splitFinal(
  days: readonly DayPoint[],
  joined: boolean,
): { final: (number | null)[]; provisional: (number | null)[] } {
  const final = days.map((day) => (day.final ? day.value : null))
  const provisional = days.map((day, index) => {
    if (!day.final) return day.value
    const next = days[index + 1]
    const meets = joined && next !== undefined && !next.final && next.value !== null
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

import type { Step } from '../words/periods.ts'

const daySeconds = 86_400
const inSeconds = (...days: number[]) => days.map((each) => each * daySeconds)

/** How far apart the marks of an axis may be: never less than one day, week or month, which would stand there twice. */
export const axisSteps: Record<Step, number[]> = {
  day: inSeconds(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 30, 60, 90, 120, 180, 365, 730, 1_825),
  week: inSeconds(7, 14, 28, 56, 91, 182, 364, 728),
  month: inSeconds(30, 61, 91, 182, 365, 730, 1_826),
}

/** Weeks are marked where they begin, from the first one on. */
export const weekSplits = (weeks: readonly number[], apart: number): number[] =>
  weeks.filter((at) => (at - weeks[0]!) % apart === 0)

/** A month is named where every mark is the first of one, and a week that far from the next that its day says little with its year. */
export function dayLabels(marks: readonly number[], step: Step, locale?: string): string[] {
  const days = marks.map((seconds) => new Date(seconds * 1000))
  const inWords = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', month: 'short', ...options })
    return (day: Date) => format.format(day)
  }
  if (days.every((day) => day.getUTCDate() === 1)) {
    const month = inWords({})
    return days.map((day) => (day.getUTCMonth() === 0 ? String(day.getUTCFullYear()) : month(day)))
  }
  const isFar = step === 'week' && (marks[1] ?? 0) - (marks[0] ?? 0) >= 90 * daySeconds
  return days.map(inWords(isFar ? { year: 'numeric' } : { day: 'numeric' }))
}

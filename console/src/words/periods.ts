import { reasonShort } from './null-reasons.ts'
import { countText } from './numbers.ts'
import { dayText } from './times.ts'

export const steps = ['day', 'week', 'month'] as const
export type Step = (typeof steps)[number]
export const stepNames: Record<Step, string> = { day: 'Days', week: 'Weeks', month: 'Months' }

export const comparisons = ['previous', 'year'] as const
export type Against = (typeof comparisons)[number]

/** What a period stands beside: `the week before`, `a year before`. */
export function againstText(against: Against, step: Step): string {
  if (against === 'previous') return `the ${step} before`
  return step === 'week' ? '52 weeks before' : 'a year before'
}

/** A period as people call it, by its first day: `Nov 21, 2026`, `Week of Nov 16, 2026`, `November 2026`. */
export function periodText(day: string, step: Step, locale?: string): string {
  if (step === 'day') return dayText(day, locale)
  if (step === 'week') return `Week of ${dayText(day, locale)}`
  return new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(
    Date.parse(`${day}T00:00:00Z`),
  )
}

/** How much of a week or a month is known, as the API says it. */
export interface Coverage {
  readonly complete: boolean
  readonly valueDay: string | null
  readonly soFar: number | null
  readonly missing: readonly { readonly from: string; readonly to: string; readonly reason: string }[]
}

/** `whole` · `2 of 7 days missing: Nov 21 – 22 goes on` · `as of Nov 20; missing since: …`. */
export function coverageText(coverage: Coverage, period: { day: string; step: Step }, locale?: string): string {
  if (coverage.complete) return coverage.valueDay === null ? 'whole' : `as of ${dayText(coverage.valueDay, locale)}`
  const runs = coverage.missing.map(({ from, to, reason }) => `${daysText(from, to, locale)} ${reasonShort(reason)}`)
  const days = coverage.missing.reduce((sum, { from, to }) => sum + daysOf(from, to), 0)
  const says = `${days} of ${countText(daysIn(period.day, period.step), 'day')} missing: ${runs.join('; ')}`
  return coverage.valueDay === null ? says : `as of ${dayText(coverage.valueDay, locale)}; ${says}`
}

const dayMs = 86_400_000
const daysOf = (from: string, to: string) => Math.round((Date.parse(to) - Date.parse(from)) / dayMs) + 1

function daysIn(day: string, step: Step): number {
  if (step === 'day') return 1
  if (step === 'week') return 7
  const first = new Date(`${day}T00:00:00Z`)
  return new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate()
}

function daysText(from: string, to: string, locale?: string): string {
  const format = new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric', timeZone: 'UTC' })
  return from === to
    ? format.format(Date.parse(`${from}T00:00:00Z`))
    : format.formatRange(Date.parse(`${from}T00:00:00Z`), Date.parse(`${to}T00:00:00Z`))
}

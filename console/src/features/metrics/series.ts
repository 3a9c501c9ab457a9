import type { Beside, DayPoint } from '../../ui/day-series.ts'
import type { Coverage } from '../../words/periods.ts'

/** The numbers of one account, or of one group of a breakdown. */
export interface Series {
  /** As JSON; undefined for the whole. */
  readonly dimensions: string | undefined
  readonly points: readonly DayPoint[]
}

interface Point {
  readonly connection: string
  readonly item: string | null
  readonly value: number | null
  readonly reason: string | null
  readonly final: boolean
  readonly version: string | null
  readonly dimensions: Readonly<Record<string, string>>
  readonly period: { readonly day: string }
  readonly coverage: Coverage | null
  readonly comparison: Beside | null
}

/** Points of the accounts themselves, by connection and group; the whole comes before its groups. */
export function seriesOf(points: readonly Point[]): Map<string, Series[]> {
  const found = new Map<string, Map<string, DayPoint[]>>()
  for (const point of points) {
    if (point.item !== null) continue
    const groups = found.get(point.connection) ?? new Map<string, DayPoint[]>()
    const name = dimensionsText(point.dimensions) ?? ''
    const days = groups.get(name) ?? []
    const { value, reason, final, version, coverage, comparison, period } = point
    days.push({ day: period.day, value, reason, final, version, coverage, beside: comparison })
    groups.set(name, days)
    found.set(point.connection, groups)
  }
  return new Map(
    [...found].map(([connection, groups]) => [
      connection,
      [...groups]
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([name, points]) => ({ dimensions: name || undefined, points })),
    ]),
  )
}

export const dimensionsText = (dimensions: Readonly<Record<string, string>>): string | undefined =>
  Object.keys(dimensions).length === 0 ? undefined : JSON.stringify(dimensions)

/** `{"currency":"EUR"}` → `currency EUR`. */
export function groupName(dimensions: string | undefined): string | null {
  if (dimensions === undefined) return null
  return Object.entries(JSON.parse(dimensions) as Record<string, string>)
    .map(([name, value]) => `${name.replace(/_/g, ' ')} ${value}`)
    .join(' · ')
}

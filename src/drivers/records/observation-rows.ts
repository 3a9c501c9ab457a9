import { addDays, startOfDay } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { SavedPage } from '../../ports/records.ts'
import { storable, storableText } from './storable.ts'

/** An observation as both drivers store it: everything in its key is text that is never null. */
export interface ObservationRow {
  readonly connectionId: string
  readonly metric: string
  readonly item: string
  readonly dimensions: string
  readonly day: string
  readonly timezone: string
  readonly value: number | null
  readonly reason: string | null
  readonly provenance: string
  readonly native: string
  readonly version: string | null
  readonly final: boolean
  readonly stream: string
  readonly runId: string
}

/** One row a key: of two values of the same key in one call the last counts. */
export function toObservationRows(pages: readonly SavedPage[]): ObservationRow[] {
  const rows = new Map<string, ObservationRow>()
  for (const { connectionId, stream, runId, observations } of pages)
    for (const observation of observations) {
      const row: ObservationRow = {
        connectionId,
        metric: observation.metric,
        item: storableText(observation.item ?? ''),
        dimensions: dimensionsKey(observation.dimensions),
        day: observation.day,
        timezone: observation.timezone ?? 'UTC',
        value: observation.value,
        reason: observation.value === null ? (observation.reason ?? null) : null,
        provenance: observation.provenance ?? 'measured',
        native: storableText(observation.native),
        version: observation.version === undefined ? null : storableText(observation.version),
        final: observation.final ?? false,
        stream,
        runId,
      }
      rows.set(observationKey(row), row)
    }
  return [...rows.values()]
}

export const observationKey = (row: Pick<ObservationRow, 'connectionId' | 'metric' | 'item' | 'dimensions' | 'day'>) =>
  `${row.connectionId}\n${row.metric}\n${row.item}\n${row.dimensions}\n${row.day}`

/** The same dimensions are the same text, in whatever order they were named. Empty when there are none. */
export function dimensionsKey(dimensions: Readonly<Record<string, string>> | undefined): string {
  if (dimensions === undefined) return ''
  const names = Object.keys(dimensions)
  if (names.length === 0) return ''
  return JSON.stringify(storable(Object.fromEntries(names.sort().map((name) => [name, dimensions[name]]))))
}

export function parseDimensions(key: string): Readonly<Record<string, string>> {
  return key === '' ? {} : (JSON.parse(key) as Record<string, string>)
}

/** A value read while its day went on was provisional: another one later that day is news and no correction. */
export function wasOver(day: string, timezone: string, readAt: Instant): boolean {
  return endOfDay(day, timezone) <= readAt
}

const ends = new Map<string, Instant>()

/** Zone arithmetic takes 10 µs, and a page has a thousand values of a few days. */
function endOfDay(day: string, timezone: string): Instant {
  const key = `${day} ${timezone}`
  let end = ends.get(key)
  if (end === undefined) {
    end = startOfDay(addDays(day, 1), timezone)
    if (ends.size >= 1000) ends.clear()
    ends.set(key, end)
  }
  return end
}

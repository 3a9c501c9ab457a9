import type { Instant } from '../../ports/clock.ts'
import type { ObservationRow } from './observation-rows.ts'

export interface StoredRow extends ObservationRow {
  readonly observedAt: Instant
  readonly revision: number
}

type Key = Pick<ObservationRow, 'connectionId' | 'metric' | 'item' | 'dimensions' | 'day'>

/**
 * Observations of one environment by their keys: connection, then series, then day. A simulated month of a thousand artists has more of them than one
 * map may hold, so each part of a key is kept once, and what rows of one save have in common is one object.
 */
export class SeriesTable {
  readonly #connections = new Map<string, Map<string, Series>>()
  /** One text for each day, however many rows are of it. */
  readonly #days = new Map<string, string>()
  #last: Written | null = null

  get(key: Key): StoredRow | undefined {
    const series = this.#connections.get(key.connectionId)?.get(nameOf(key))
    const cell = series?.days.get(key.day)
    return series && cell && toRow(key.connectionId, series, key.day, cell)
  }

  set({ connectionId, metric, item, dimensions, day, value, reason, revision, ...written }: StoredRow): void {
    const own = this.#connections.get(connectionId) ?? new Map<string, Series>()
    this.#connections.set(connectionId, own)
    const name = nameOf({ metric, item, dimensions })
    const series = own.get(name) ?? { metric, item, dimensions, days: new Map<string, Cell>() }
    own.set(name, series)
    const known = this.#days.get(day) ?? day
    this.#days.set(known, known)
    if (this.#last === null || !isSame(this.#last, written)) this.#last = written
    series.days.set(known, { value, reason, revision, written: this.#last })
  }

  /** All rows of these connections, in no order. */
  *of(connections: Iterable<string>): Iterable<StoredRow> {
    for (const connectionId of new Set(connections))
      for (const series of this.#connections.get(connectionId)?.values() ?? [])
        for (const [day, cell] of series.days) yield toRow(connectionId, series, day, cell)
  }
}

interface Series extends Pick<ObservationRow, 'metric' | 'item' | 'dimensions'> {
  readonly days: Map<string, Cell>
}

/** What rows that were written together mostly have in common. */
type Written = Omit<StoredRow, keyof Key | 'value' | 'reason' | 'revision'>

interface Cell extends Pick<StoredRow, 'value' | 'reason' | 'revision'> {
  readonly written: Written
}

const nameOf = ({ metric, item, dimensions }: Omit<Key, 'connectionId' | 'day'>) => `${metric}\n${item}\n${dimensions}`

function toRow(connectionId: string, series: Series, day: string, cell: Cell): StoredRow {
  const { metric, item, dimensions } = series
  const { value, reason, revision, written } = cell
  return { connectionId, metric, item, dimensions, day, value, reason, revision, ...written }
}

function isSame(one: Written, other: Written): boolean {
  return (
    one.runId === other.runId &&
    one.native === other.native &&
    one.observedAt === other.observedAt &&
    one.final === other.final &&
    one.provenance === other.provenance &&
    one.timezone === other.timezone &&
    one.version === other.version &&
    one.stream === other.stream
  )
}

import type { Instant } from '../../ports/clock.ts'
import type { ObservationRow } from './observation-rows.ts'

export interface StoredRow extends ObservationRow {
  readonly observedAt: Instant
  readonly revision: number
}

type Key = Pick<ObservationRow, 'connectionId' | 'metric' | 'item' | 'dimensions' | 'day'>

/**
 * Observations of one environment by their keys: connection, then series, then day. A simulated month of a thousand artists has more of them than one
 * map may hold, so each part of a key is kept once, a row is three places in lists, and what rows of one save have in common is one object.
 */
export class SeriesTable {
  readonly #connections = new Map<string, Map<string, Series>>()
  /** One text for each day, however many rows are of it. */
  readonly #days = new Map<string, string>()
  #last: Written | null = null

  get(key: Key): StoredRow | undefined {
    const series = this.#connections.get(key.connectionId)?.get(nameOf(key))
    const place = series ? placeOf(series, key.day) : -1
    return place < 0 ? undefined : toRow(key.connectionId, series!, place)
  }

  set({ connectionId, metric, item, dimensions, day, value, ...written }: StoredRow): void {
    const own = this.#connections.get(connectionId) ?? new Map<string, Series>()
    this.#connections.set(connectionId, own)
    const name = nameOf({ metric, item, dimensions })
    const series = own.get(name) ?? { metric, item, dimensions, days: [], values: [], written: [] }
    own.set(name, series)
    if (this.#last === null || !isSame(this.#last, written)) this.#last = written
    const place = placeOf(series, day)
    if (place < 0) {
      const known = this.#days.get(day) ?? day
      this.#days.set(known, known)
      // Almost always at the end.
      series.days.splice(-place - 1, 0, known)
      series.values.splice(-place - 1, 0, value)
      series.written.splice(-place - 1, 0, this.#last)
    } else {
      series.values[place] = value
      series.written[place] = this.#last
    }
  }

  /** Returns how many rows there were. */
  delete(connectionId: string): number {
    const rows = this.of([connectionId]).length
    this.#connections.delete(connectionId)
    return rows
  }

  /** All rows of these connections, or of those of their series that are wanted, in no order. */
  of(connections: Iterable<string>, isWanted: (series: Pick<Series, 'metric' | 'item'>) => boolean = () => true) {
    const rows: StoredRow[] = []
    for (const connectionId of new Set(connections))
      for (const series of this.#connections.get(connectionId)?.values() ?? [])
        if (isWanted(series))
          for (let place = 0; place < series.days.length; place++) rows.push(toRow(connectionId, series, place))
    return rows
  }
}

/** Lists of the same length, in the order of days. */
interface Series extends Pick<ObservationRow, 'metric' | 'item' | 'dimensions'> {
  readonly days: string[]
  readonly values: (number | null)[]
  readonly written: Written[]
}

/** What rows that were written together mostly have in common. */
type Written = Omit<StoredRow, keyof Key | 'value'>

const nameOf = ({ metric, item, dimensions }: Omit<Key, 'connectionId' | 'day'>) => `${metric}\n${item}\n${dimensions}`

/** Where a day is, or where it belongs as −1 − its place. */
function placeOf({ days }: Series, day: string): number {
  let low = 0
  let high = days.length
  if (high > 0 && day > days[high - 1]!) return -1 - high
  while (low < high) {
    const middle = (low + high) >>> 1
    if (days[middle]! < day) low = middle + 1
    else high = middle
  }
  return days[low] === day ? low : -1 - low
}

function toRow(connectionId: string, series: Series, place: number): StoredRow {
  const { metric, item, dimensions, days, values, written } = series
  return { connectionId, metric, item, dimensions, day: days[place]!, value: values[place]!, ...written[place]! }
}

function isSame(one: Written, other: Written): boolean {
  return (
    one.runId === other.runId &&
    one.native === other.native &&
    one.reason === other.reason &&
    one.revision === other.revision &&
    one.observedAt === other.observedAt &&
    one.final === other.final &&
    one.provenance === other.provenance &&
    one.timezone === other.timezone &&
    one.version === other.version &&
    one.stream === other.stream
  )
}

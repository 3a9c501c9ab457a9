import type { Instant } from '../../../ports/clock.ts'
import type { ReadingEnd } from '../../../ports/history.ts'

/** Finds the first reading that went well after one that failed. */
export class Recoveries {
  readonly #ends: ReadonlyMap<string, readonly ReadingEnd[]>
  readonly #ofRun: ReadonlyMap<string, readonly ReadingEnd[]>

  /** Oldest first. */
  constructor(ends: readonly ReadingEnd[]) {
    this.#ends = Map.groupBy(ends, keyOf)
    this.#ofRun = Map.groupBy(
      ends.filter(({ fault }) => fault !== null),
      ({ runId }) => runId,
    )
  }

  /** Readings that a run failed in. */
  failuresOf(runId: string): readonly ReadingEnd[] {
    return this.#ofRun.get(runId) ?? []
  }

  /** When that stream of that connection was read well again; null: not yet. */
  after(end: ReadingEnd): Instant | null {
    const ends = this.#ends.get(keyOf(end)) ?? []
    // They are in order of time, and there may be very many of one that never recovered.
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (ends[middle]!.at <= end.at) low = middle + 1
      else high = middle
    }
    for (let i = low; i < ends.length; i++) if (ends[i]!.fault === null) return ends[i]!.at
    return null
  }
}

const keyOf = ({ connectionId, stream }: ReadingEnd) => `${connectionId}\n${stream}`

import type { Instant } from '../../src/ports/clock.ts'

/** One step of a simulation, small enough to keep all of them. */
export interface HistoryEvent {
  readonly at: Instant
  /** A process, `world`, or a provider. */
  readonly who: string
  readonly what: string
  readonly detail: string
}

/**
 * What happened, in order, and a running hash of it: two runs of one seed are the same run exactly when their hashes are. The hash covers every event;
 * of the events the newest are kept, so that a long run costs no more memory than a short one.
 */
export class History {
  readonly #most: number
  readonly #startAt: Instant
  #events: HistoryEvent[] = []
  #low = 0x811c9dc5
  #high = 0xcbf29ce4
  #count = 0

  constructor(startAt: Instant, most = 20_000) {
    this.#startAt = startAt
    this.#most = most
  }

  add(at: Instant, who: string, what: string, detail = ''): void {
    this.#count++
    const ms = (at - this.#startAt) | 0
    this.#low = Math.imul(this.#low ^ ms, prime)
    this.#high = Math.imul(this.#high ^ ms, prime)
    this.#mix(detail, this.#mix(' ', this.#mix(what, this.#mix(' ', this.#mix(who, 0)))))
    this.#events.push({ at, who, what, detail })
    if (this.#events.length >= 2 * this.#most) this.#events = this.#events.slice(-this.#most)
  }

  get count(): number {
    return this.#count
  }

  /** FNV-1a with two different offsets: 64 bits are enough for millions of runs. */
  get hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }

  last(count: number): readonly HistoryEvent[] {
    return this.#events.slice(-count)
  }

  /** Piece by piece, since joining the texts of an event takes longer than this. Gives the place after the piece. */
  #mix(text: string, from: number): number {
    let low = this.#low
    let high = this.#high
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      low = Math.imul(low ^ code, prime)
      high = Math.imul(high ^ (code + from + index), prime)
    }
    this.#low = low
    this.#high = high
    return from + text.length
  }
}

const prime = 0x01000193

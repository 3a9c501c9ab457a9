import type { Instant } from '../../ports/clock.ts'

interface Entry {
  readonly key: string
  readonly readyAt: Instant
  /** Of those that are ready at the same time, the one that was put first comes first. */
  readonly nth: number
}

/**
 * Keys by when they are ready, the next one first. What changed is pushed again and what it was stays behind: whoever looks says which entries still
 * hold, and the others go. So the cost of a change and of a look does not grow with what is not due.
 */
export class DueHeap {
  readonly #entries: Entry[] = []
  readonly #holds: (entry: Entry) => boolean

  constructor(holds: (entry: Entry) => boolean) {
    this.#holds = holds
  }

  push(entry: Entry): void {
    let place = this.#entries.push(entry) - 1
    for (;;) {
      const parent = (place - 1) >> 1
      if (place === 0 || !before(entry, this.#entries[parent]!)) break
      this.#entries[place] = this.#entries[parent]!
      place = parent
    }
    this.#entries[place] = entry
  }

  /** The next one that still holds. */
  peek(): Entry | null {
    for (;;) {
      const first = this.#entries[0]
      if (first === undefined) return null
      if (this.#holds(first)) return first
      this.#removeFirst()
    }
  }

  /** The same, and takes it out. */
  take(): Entry | null {
    const first = this.peek()
    if (first !== null) this.#removeFirst()
    return first
  }

  #removeFirst(): void {
    const last = this.#entries.pop()!
    const { length } = this.#entries
    if (length === 0) return
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= length) break
      if (child + 1 < length && before(this.#entries[child + 1]!, this.#entries[child]!)) child++
      if (!before(this.#entries[child]!, last)) break
      this.#entries[place] = this.#entries[child]!
      place = child
    }
    this.#entries[place] = last
  }
}

const before = (one: Entry, other: Entry) =>
  one.readyAt < other.readyAt || (one.readyAt === other.readyAt && one.nth < other.nth)

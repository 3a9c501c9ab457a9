/** Work that waits for its turn. */
export interface Waiting {
  /** Whose turn it takes: an integration. */
  readonly owner: string
  /** The most important lane is 0. */
  readonly rank: number
}

/**
 * Owners take turns, however much one of them brings (L02); within the most important lane that has anything. `take` is told who may have a turn.
 */
export class FairQueue<Work extends Waiting> {
  readonly #owners = new Map<string, Work[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  sizeOf(owner: string): number {
    return this.#owners.get(owner)?.length ?? 0
  }

  add(work: Work): void {
    const mine = this.#owners.get(work.owner) ?? []
    const place = mine.findIndex(({ rank }) => rank > work.rank)
    mine.splice(place < 0 ? mine.length : place, 0, work)
    this.#owners.set(work.owner, mine)
    this.#size++
  }

  take(may: (work: Work) => boolean): Work | null {
    let best: Work | null = null
    for (const [next] of this.#owners.values())
      if (next !== undefined && (best === null || next.rank < best.rank) && may(next)) best = next
    if (best === null) return null
    const mine = this.#owners.get(best.owner)!
    mine.shift()
    this.#size--
    // To the end of the row.
    this.#owners.delete(best.owner)
    if (mine.length > 0) this.#owners.set(best.owner, mine)
    return best
  }

  /** Takes out all of that kind. */
  takeWhere(isWanted: (work: Work) => boolean): Work[] {
    const taken: Work[] = []
    for (const [owner, works] of this.#owners) {
      const [wanted, others] = [works.filter(isWanted), works.filter((work) => !isWanted(work))]
      if (wanted.length === 0) continue
      taken.push(...wanted)
      if (others.length > 0) this.#owners.set(owner, others)
      else this.#owners.delete(owner)
    }
    this.#size -= taken.length
    return taken
  }

  /** Empties it. */
  takeAll(): Work[] {
    const all = [...this.#owners.values()].flat()
    this.#owners.clear()
    this.#size = 0
    return all
  }
}

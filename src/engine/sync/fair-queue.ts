/** Work that waits for its turn. */
export interface Waiting {
  /** Whose work it is, from the outermost down: an environment, an integration, a profile. Each takes turns with its likes. */
  readonly owners: readonly Owner[]
  /** The most important lane is 0. */
  readonly rank: number
}

export interface Owner {
  readonly id: string
  /** How many turns it has for each one of those that weigh 1. */
  readonly weight: number
}

/**
 * Owners take turns, however much one of them brings (L02), each by its weight, and within an owner those that it owns; all of it within the most important
 * lane that has anything. Who had nothing to do has saved up nothing. `take` is told who may have a turn.
 */
export class FairQueue<Work extends Waiting> {
  /** Path → what waits there, by lane and then as it came. */
  readonly #rows = new Map<string, Work[]>()
  /** Path → when its next turn is, each turn as long as its weight is small. Known for a while of those that have nothing now, or they would come again too early. */
  readonly #turns = new Map<string, number>()
  /** Path → how many wait below it. */
  readonly #sizes = new Map<string, number>()
  /** Path of an owner of others → where the turns of those are. */
  readonly #now = new Map<string, number>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** How much waits for those owners, whatever they own. */
  sizeOf(...ids: string[]): number {
    return this.#sizes.get(pathOf(ids)) ?? 0
  }

  add(work: Work): void {
    const paths = pathsOf(work)
    const path = paths.at(-1)!
    const mine = this.#rows.get(path) ?? []
    const place = mine.findIndex(({ rank }) => rank > work.rank)
    mine.splice(place < 0 ? mine.length : place, 0, work)
    this.#rows.set(path, mine)
    this.#count(paths, 1)
  }

  take(may: (work: Work) => boolean): Work | null {
    let best: { work: Work; turns: number[] } | null = null
    for (const [work] of this.#rows.values()) {
      if (work === undefined || (best && work.rank > best.work.rank) || !may(work)) continue
      const turns = pathsOf(work).map((path) => this.#turns.get(path)!)
      if (best === null || work.rank < best.work.rank || comesBefore(turns, best.turns)) best = { work, turns }
    }
    if (best === null) return null
    const { work } = best
    const paths = pathsOf(work)
    for (const [depth, path] of paths.entries()) {
      const turn = this.#turns.get(path)!
      this.#now.set(paths[depth - 1] ?? '', turn)
      this.#turns.set(path, turn + 1 / work.owners[depth]!.weight)
    }
    this.#rows.get(paths.at(-1)!)!.shift()
    this.#count(paths, -1)
    return work
  }

  /** Takes out all of that kind. */
  takeWhere(isWanted: (work: Work) => boolean): Work[] {
    const taken: Work[] = []
    for (const [path, works] of [...this.#rows]) {
      const wanted = works.filter(isWanted)
      if (wanted.length === 0) continue
      taken.push(...wanted)
      this.#rows.set(
        path,
        works.filter((work) => !isWanted(work)),
      )
      this.#count(pathsOf(wanted[0]!), -wanted.length)
    }
    return taken
  }

  /** Empties it. */
  takeAll(): Work[] {
    return this.takeWhere(() => true)
  }

  #count(paths: readonly string[], change: number): void {
    this.#size += change
    for (const [depth, path] of paths.entries()) {
      const size = (this.#sizes.get(path) ?? 0) + change
      if (size > 0) {
        this.#sizes.set(path, size)
        // Whoever comes, or comes again, has its turn now, and none for the time in which it wanted none.
        const now = this.#now.get(paths[depth - 1] ?? '') ?? 0
        if (size === change) this.#turns.set(path, Math.max(now, this.#turns.get(path) ?? now))
      } else {
        this.#sizes.delete(path)
        this.#rows.delete(path)
      }
    }
    if (this.#size === 0 || this.#turns.size > mostKnown) this.#forget()
  }

  #forget(): void {
    for (const known of [this.#turns, this.#now])
      for (const path of known.keys()) if (path !== '' && !this.#sizes.has(path)) known.delete(path)
  }
}

/** Owners of which a turn is known. */
const mostKnown = 1_000

const separator = '\n'
const pathOf = (ids: readonly string[]): string => ids.join(separator)
const pathsOf = ({ owners }: Waiting): string[] => {
  const ids = owners.map(({ id }) => id)
  return ids.map((_, depth) => pathOf(ids.slice(0, depth + 1)))
}

function comesBefore(turns: readonly number[], others: readonly number[]): boolean {
  for (const [depth, turn] of turns.entries()) if (turn !== others[depth]) return turn < others[depth]!
  return false
}

/** Sets that are joined when two of their members belong together, whatever the order in which that is found out. */
export class JoinedSets {
  readonly #leaders: number[]

  constructor(size: number) {
    this.#leaders = Array.from({ length: size }, (_, index) => index)
  }

  join(one: number, other: number): void {
    const [low, high] = [this.leaderOf(one), this.leaderOf(other)].sort((a, b) => a - b) as [number, number]
    this.#leaders[high] = low
  }

  leaderOf(member: number): number {
    let leader = member
    while (this.#leaders[leader] !== leader) leader = this.#leaders[leader]!
    // The way is shortened, so that a long chain is walked once.
    for (let at = member; at !== leader; ) {
      const next = this.#leaders[at]!
      this.#leaders[at] = leader
      at = next
    }
    return leader
  }
}

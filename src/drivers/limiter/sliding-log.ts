import type { Instant } from '../../ports/clock.ts'

/**
 * Amounts, and until when each counts, its last millisecond included: providers differ in whether their window is closed, and ours must hold
 * for both. Adding and forgetting cost the same at any length, as long as amounts are added roughly in the order in which they end.
 */
export class SlidingLog {
  #untils: Instant[] = []
  #amounts: number[] = []
  #first = 0
  #sum = 0

  /** What counts at `now`. Earlier ends are forgotten. */
  sum(now: Instant): number {
    while (this.#first < this.#untils.length && this.#untils[this.#first]! < now)
      this.#sum -= this.#amounts[this.#first++]!
    if (this.#first === this.#untils.length) this.#clear()
    else if (this.#first > 1024 && this.#first * 2 > this.#untils.length) this.#compact()
    return this.#sum
  }

  add(until: Instant, amount: number): void {
    let place = this.#untils.length
    // Many of a busy bucket end in the same millisecond: one entry for all of them.
    if (place > this.#first && this.#untils[place - 1] === until) {
      this.#amounts[place - 1]! += amount
      this.#sum += amount
      return
    }
    while (place > this.#first && this.#untils[place - 1]! > until) place--
    if (place === this.#untils.length) {
      this.#untils.push(until)
      this.#amounts.push(amount)
    } else {
      this.#untils.splice(place, 0, until)
      this.#amounts.splice(place, 0, amount)
    }
    this.#sum += amount
  }

  /** The last instant at which less than `amount` of what counts now has ended. Null when all of it is less. */
  freedAt(amount: number): Instant | null {
    let left = amount
    for (let index = this.#first; index < this.#untils.length; index++) {
      left -= this.#amounts[index]!
      if (left <= 0) return this.#untils[index]!
    }
    return null
  }

  /** The last instant at which anything counts. */
  emptyAt(): Instant | null {
    return this.#untils.at(-1) ?? null
  }

  #clear(): void {
    if (this.#first === 0) return
    this.#untils = []
    this.#amounts = []
    this.#first = 0
    // Fractions of money do not add up to exactly nothing.
    this.#sum = 0
  }

  #compact(): void {
    this.#untils = this.#untils.slice(this.#first)
    this.#amounts = this.#amounts.slice(this.#first)
    this.#first = 0
  }
}

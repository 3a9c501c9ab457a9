/** The most that any window of that length held, counted a second time: amounts in the order of time, open at the old end. */
export class MostInWindow {
  readonly #lengthMs: number
  #at: number[] = []
  #amounts: number[] = []
  #first = 0
  #sum = 0
  most = 0

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs
  }

  add(at: number, amount: number): void {
    while (this.#first < this.#at.length && this.#at[this.#first]! <= at - this.#lengthMs)
      this.#sum -= this.#amounts[this.#first++]!
    if (this.#first > 10_000) {
      this.#at = this.#at.slice(this.#first)
      this.#amounts = this.#amounts.slice(this.#first)
      this.#first = 0
    }
    this.#at.push(at)
    this.#amounts.push(amount)
    this.#sum += amount
    this.most = Math.max(this.most, this.#sum)
  }
}

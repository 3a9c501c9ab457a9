import type { Instant } from '../../ports/clock.ts'

/**
 * Retries may add a tenth to the first attempts of a minute, and a few where there is little traffic: when everything fails, asking everything
 * again is what keeps a provider down. One for each provider, and for `test` and `live` apart.
 */
export class RetryBudget {
  readonly #counts = new Map<string, { firsts: Minute; retries: Minute }>()

  first(key: string, now: Instant): void {
    this.#of(key).firsts.add(now)
  }

  /** Takes one, if there is one left. */
  take(key: string, now: Instant): boolean {
    const { firsts, retries } = this.#of(key)
    if (retries.sum(now) >= Math.max(fewest, firsts.sum(now) / 10)) return false
    retries.add(now)
    return true
  }

  #of(key: string): { firsts: Minute; retries: Minute } {
    let counts = this.#counts.get(key)
    if (!counts) {
      counts = { firsts: new Minute(), retries: new Minute() }
      this.#counts.set(key, counts)
    }
    return counts
  }
}

const fewest = 10

/** A count of the last minute, to the second. */
class Minute {
  readonly #counts = new Uint32Array(60)
  #second = 0
  #sum = 0

  add(now: Instant): void {
    this.#turn(now)
    this.#counts[this.#second % 60]!++
    this.#sum++
  }

  sum(now: Instant): number {
    this.#turn(now)
    return this.#sum
  }

  #turn(now: Instant): void {
    const second = Math.floor(now / 1000)
    // The clock was set back: what counts goes on counting for a minute from now, and not until the clock is there again.
    if (this.#second - second > 60) {
      this.#counts.fill(0)
      this.#counts[second % 60] = this.#sum
      this.#second = second
    }
    for (let gone = 0; this.#second < second && gone < 60; gone++) {
      const slot = ++this.#second % 60
      this.#sum -= this.#counts[slot]!
      this.#counts[slot] = 0
    }
    this.#second = Math.max(this.#second, second)
  }
}

import { Fault, minute } from '@patchbay/kit'

const most = 10
const windowMs = 15 * minute
const mostNames = 10_000

/**
 * Wrong passwords by address, in this process: ten in a quarter of an hour, and then nobody tries another one until the first of them is that old. A link still
 * signs in, so that nobody is kept out by strangers.
 */
export class PasswordTries {
  readonly #wrong = new Map<string, number[]>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /**
   * A try counts as a wrong one until it is known not to be: looking at a password takes so long that hundreds would be looked at together. Throws
   * `input.throttled`. Gives back how to say that nobody looked.
   */
  begin(email: string): () => void {
    const wrong = this.#of(email)
    const at = this.#now()
    if (wrong.length >= most) {
      const waitMs = wrong[0]! + windowMs - at
      throw new Fault('input.throttled', 'Too many wrong passwords. Wait, or come in with a link.', { waitMs })
    }
    this.#keep(email, [...wrong, at])
    return () => {
      const rest = this.#of(email)
      const index = rest.indexOf(at)
      if (index >= 0) this.#keep(email, rest.toSpliced(index, 1))
    }
  }

  right(email: string): void {
    this.#wrong.delete(keyOf(email))
  }

  #keep(email: string, wrong: number[]): void {
    const key = keyOf(email)
    this.#wrong.delete(key)
    this.#wrong.set(key, wrong)
    if (this.#wrong.size > mostNames) this.#wrong.delete(this.#wrong.keys().next().value!)
  }

  #of(email: string): number[] {
    const now = this.#now()
    // One from the future was before the clock was set back, and nobody knows how long ago.
    return (this.#wrong.get(keyOf(email)) ?? []).filter((at) => at > now - windowMs && at <= now)
  }
}

const keyOf = (email: string) => email.trim().toLowerCase().slice(0, 320)

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

  /** Throws `input.throttled`. */
  check(email: string): void {
    const wrong = this.#of(email)
    if (wrong.length < most) return
    const waitMs = wrong[0]! + windowMs - this.#now()
    throw new Fault('input.throttled', 'Too many wrong passwords. Wait, or come in with a link.', { waitMs })
  }

  wrong(email: string): void {
    const key = keyOf(email)
    const wrong = [...this.#of(email), this.#now()].slice(-most)
    this.#wrong.delete(key)
    this.#wrong.set(key, wrong)
    if (this.#wrong.size > mostNames) this.#wrong.delete(this.#wrong.keys().next().value!)
  }

  right(email: string): void {
    this.#wrong.delete(keyOf(email))
  }

  #of(email: string): number[] {
    const since = this.#now() - windowMs
    return (this.#wrong.get(keyOf(email)) ?? []).filter((at) => at > since)
  }
}

const keyOf = (email: string) => email.trim().toLowerCase().slice(0, 320)

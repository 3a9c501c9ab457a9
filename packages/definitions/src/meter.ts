import { Fault } from '@patchbay/kit'
import { limits } from './limits.ts'

/**
 * What the expressions of one page may still do. Steps are counted, not milliseconds: the same definition on the same answer does the same on every
 * machine, however busy it is.
 */
export class Meter {
  readonly #steps: number
  #left: number

  constructor(steps: number = limits.steps) {
    this.#steps = steps
    this.#left = steps
  }

  get spent(): number {
    return this.#steps - this.#left
  }

  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0)
      throw new Fault(
        'setup.definition',
        'The expressions of this definition take too long on this answer. Ask for smaller pages, or look through less in each row.',
      )
  }
}

import { createHash } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import { sortableId } from './sortable-id.ts'

/** The same chance for the same seed, for simulations. Nothing made of it is a secret. The generator is sfc32. */
export class SeededRandom implements Random {
  readonly #seed: string
  readonly #clock: Pick<Clock, 'now'>
  readonly #state: Uint32Array

  constructor(seed: string, clock: Pick<Clock, 'now'>) {
    this.#seed = seed
    this.#clock = clock
    const hash = createHash('sha256').update(seed).digest()
    this.#state = new Uint32Array([0, 4, 8, 12].map((at) => hash.readUInt32LE(at)))
  }

  unit(): number {
    return ((this.#next() >>> 5) * 2 ** 26 + (this.#next() >>> 6)) / 2 ** 53
  }

  bytes(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.#next() >>> 24)
  }

  id(prefix: string): string {
    return sortableId(prefix, this.#clock.now(), (size) => this.bytes(size))
  }

  /** A stream of its own for one kind of decision, so that a decision added elsewhere does not change this one: `fork('latency/acme/7')`. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${name}`, this.#clock)
  }

  #next(): number {
    const state = this.#state
    const sum = (state[0]! + state[1]! + state[3]!) | 0
    state[3] = state[3]! + 1
    state[0] = state[1]! ^ (state[1]! >>> 9)
    state[1] = state[2]! + (state[2]! << 3)
    state[2] = ((state[2]! << 21) | (state[2]! >>> 11)) + sum
    return sum >>> 0
  }
}

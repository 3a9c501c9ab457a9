import type { Deps } from '../deps.ts'
import type { Binding } from './sealed-text.ts'

interface Opened extends Binding {
  readonly environmentId: string
  readonly bytes: Buffer
}

/**
 * Secrets that were opened a moment ago, so that an account that is called a hundred times a second is not decrypted as often: that was a quarter of the
 * time of a call. Only the same text at the same place is found. Each is wiped after half a second at most, also one that is still in use; whoever uses
 * it has a copy of their own.
 */
export class OpenedSecrets {
  readonly #clock: Deps['clock']
  #young = new Map<string, Opened>()
  #old = new Map<string, Opened>()
  #isAging = false

  constructor(clock: Deps['clock']) {
    this.#clock = clock
  }

  /** A copy, which is the caller's to wipe; null when it has to be opened. */
  find(environmentId: string, { row, field, generation }: Binding, sealed: string): Buffer | null {
    const found = this.#young.get(sealed) ?? this.#old.get(sealed)
    const isThere =
      found?.environmentId === environmentId &&
      found.row === row &&
      found.field === field &&
      found.generation === generation
    return isThere ? Buffer.from(found.bytes) : null
  }

  /** Copies the bytes. */
  keep(environmentId: string, { row, field, generation }: Binding, sealed: string, bytes: Buffer): void {
    if (this.#young.size >= mostYoung || this.#young.has(sealed)) return
    this.#young.set(sealed, { environmentId, row, field, generation, bytes: Buffer.from(bytes) })
    if (!this.#isAging) void this.#age()
  }

  async #age(): Promise<void> {
    this.#isAging = true
    do {
      await this.#clock.sleep(longestMs / 2)
      for (const { bytes } of this.#old.values()) bytes.fill(0)
      this.#old = this.#young
      this.#young = new Map()
    } while (this.#old.size > 0)
    this.#isAging = false
  }
}

const longestMs = 500
const mostYoung = 10_000

import type { SavedPage } from '../../src/ports/records.ts'
import type { ClaimedSlot, Slot } from '../../src/ports/schedule.ts'
import type { StoreCall } from '../kernel/call-stores.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Life } from '../kernel/life.ts'

interface Holder {
  readonly life: Life
  readonly claim: string
  readonly at: number
}

/**
 * Watches who holds which slot. Nothing is written for a slot that somebody else holds, and no run of a lost claim ends one (I26). What had left before
 * somebody else took over may still arrive.
 */
export class ClaimWatch {
  readonly #kernel: Kernel
  readonly #holders = new Map<string, Holder>()

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  done({ life, method, args, result, sentAt }: StoreCall): void {
    if (method === 'schedule.claim' || method === 'schedule.claimCompanions') {
      const { claim } = args[0] as { claim: string }
      for (const slot of result as ClaimedSlot[]) {
        const before = this.#holders.get(keyOf(slot))
        if (slot.lapsed && before && !before.life.alive) this.#kernel.sometimes.met('claim lapsed and taken over')
        this.#holders.set(keyOf(slot), { life, claim, at: this.#kernel.now() })
      }
    }
    if (method === 'schedule.extend' || method === 'schedule.release' || method === 'schedule.finish') {
      const [, claim, slots] = args as [string, string, readonly Pick<Slot, 'connectionId' | 'stream'>[]]
      for (const slot of slots)
        if (result === slots.length && this.#isOthers(keyOf(slot), claim))
          this.#kernel.violate('I26', `${life.name} changed ${keyOf(slot)} under a claim that is not its own any more`)
      if (method !== 'schedule.extend') this.#free(claim, slots)
    }
    if (method === 'records.save') for (const page of args[1] as readonly SavedPage[]) this.#saved(life, page, sentAt)
  }

  #saved(life: Life, page: SavedPage, sentAt: number): void {
    const holder = this.#holders.get(keyOf(page))
    if (!holder || holder.life === life || sentAt <= holder.at) return
    this.#kernel.violate('I26', `${life.name} saved a page of ${keyOf(page)}, which ${holder.life.name} holds`)
  }

  #isOthers(key: string, claim: string): boolean {
    const holder = this.#holders.get(key)
    return holder !== undefined && holder.claim !== claim
  }

  #free(claim: string, slots: readonly Pick<Slot, 'connectionId' | 'stream'>[]): void {
    for (const slot of slots) if (this.#holders.get(keyOf(slot))?.claim === claim) this.#holders.delete(keyOf(slot))
  }
}

const keyOf = ({ connectionId, stream }: Pick<Slot, 'connectionId' | 'stream'>) => `${connectionId}/${stream}`

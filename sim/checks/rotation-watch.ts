import type { StoredText } from '../../src/ports/sealed-texts.ts'
import type { StoreCall } from '../kernel/call-stores.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Life } from '../kernel/life.ts'

/**
 * Watches rotations of keys: whoever has read texts that are to be sealed anew may be killed with them, and somebody else goes on. What every process says of
 * texts that it cannot open breaks I33.
 */
export class RotationWatch {
  readonly #kernel: Kernel
  readonly #kill: (life: Life, why: string) => void
  /** Those who died with a page of texts in their hands. */
  readonly #died = new Set<Life>()

  constructor(kernel: Kernel, kill: (life: Life, why: string) => void) {
    this.#kernel = kernel
    this.#kill = kill
  }

  done({ life, method, result }: StoreCall): void {
    if (method === 'sealedTexts.sealedByOthers' && (result as { texts: readonly StoredText[] }).texts.length > 0) {
      const call = `${life.name}/rotation#${life.count('rotation')}/${life.nth}`
      const befalls = this.#kernel.faults.befall(call, this.#kernel.chance.unit(call), [['kill-rotating', 0.3]])
      if (befalls === null) return
      this.#died.add(life)
      this.#kill(life, `with texts of ${call}`)
    }
    if (method === 'sealedTexts.replace' && (result as number) > 0 && this.#died.size > 0) {
      this.#kernel.sometimes.met('rotation resumed after kill')
      this.#died.clear()
    }
  }

  logged(life: Life, event: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (event === 'vault.cannot_open' || event === 'vault.cannot_rewrap')
      this.#kernel.violate('I33', `${life.name}: ${event} ${fields.row ?? fields.version}: ${fields.says}`)
  }
}

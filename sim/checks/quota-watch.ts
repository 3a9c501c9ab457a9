import { second } from '@patchbay/kit'
import type { LedgerEntry } from '../../sandbox/ledger.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import type { Sent } from '../kernel/call-network.ts'
import type { StoreCall } from '../kernel/call-stores.ts'
import type { Kernel } from '../kernel/kernel.ts'

/**
 * Watches quotas as the provider counts them, to the millisecond of its own clock: nothing goes beyond a limit (I08), and once a provider named a wait and we
 * noted it, nothing of that bucket is sent before it is over (I09). What had been granted by then may still arrive.
 */
export class QuotaWatch {
  readonly #kernel: Kernel
  readonly #sandbox: Sandbox
  readonly #spreadMs: number
  #looked = 0
  /** When a stop was last written down; `Infinity` while none was. */
  #parkedAt = Number.POSITIVE_INFINITY

  /** `spreadMs`: how far the clocks of the processes are apart. They share windows by their own clocks, so by so much they may be early. */
  constructor(kernel: Kernel, sandbox: Sandbox, spreadMs: number) {
    this.#kernel = kernel
    this.#sandbox = sandbox
    this.#spreadMs = spreadMs
  }

  arrived(sent: Sent, { status, outcome }: LedgerEntry): void {
    const { violations } = this.#sandbox.ledger
    for (; this.#looked < violations.length; this.#looked++) {
      const { kind, provider, detail } = violations[this.#looked]!
      const says = `${sent.call} at ${provider}: ${JSON.stringify(detail)}`
      const earlyMs = Number(detail.waitMs ?? detail.earlyByMs ?? 0)
      if (earlyMs <= this.#spreadMs) continue
      if (kind === 'quota_overrun') this.#kernel.violate('I08', says)
      if (
        kind === 'too_soon' &&
        sent.sentAt > this.#parkedAt + grantedMs &&
        !sent.life.stoodStillFor(this.#parkedAt, second)
      )
        this.#kernel.violate('I09', says)
    }
    if (outcome !== 'refused' || status !== 429) return
    this.#kernel.sometimes.met('told to wait')
    this.#parkedAt = Number.POSITIVE_INFINITY
  }

  done({ method }: StoreCall): void {
    if (method === 'limiter.park') this.#parkedAt = this.#kernel.now()
  }
}

/** Between a call's ticket and its request: a token may have to be renewed. */
const grantedMs = 10 * second

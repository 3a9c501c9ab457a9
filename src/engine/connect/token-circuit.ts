import { minute, second } from '@patchbay/kit'
import type { Clock } from '../../ports/clock.ts'
import type { Integration } from '../../ports/directory.ts'

interface State {
  /** Of the id and the secret: whoever mends them need not wait. */
  readonly app: string
  readonly failures: number
  readonly openUntil: number
  /** How long that was when it was decided. More than that is left only when the clock was set back. */
  readonly openMs: number
  /** The provider named that moment; before it nobody asks. */
  readonly asked: boolean
}

/**
 * Holds back token requests of an app whose token endpoint does not work, so that a thousand grants do not each find out by themselves (F65).
 * After the wait one request may try; its outcome closes the circuit or doubles the wait.
 */
export class TokenCircuit {
  readonly #clock: Clock
  readonly #states = new Map<string, State>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * How long to wait before a request may go out, in milliseconds; 0: now. Whoever gets 0 is the one that tries. `urgent` waits only where the
   * provider asked for it: an answer that got lost can be had again for a short while only (F62).
   */
  waitMs(integration: Integration, options: { urgent: boolean }): number {
    const state = this.#states.get(integration.id)
    if (!state || state.app !== appOf(integration)) return 0
    const waitMs = state.openUntil - this.#clock.now()
    if (waitMs > 0 && waitMs <= state.openMs) return options.urgent && !state.asked ? 0 : waitMs
    // The others wait for this one's outcome, a while at most: it may never come.
    this.#states.set(integration.id, { ...state, openUntil: this.#clock.now() + trialMs, openMs: trialMs })
    return 0
  }

  failed(integration: Integration, options: { first: number; waitMs?: number }): void {
    const before = this.#states.get(integration.id)
    const failures = before?.app === appOf(integration) ? before.failures + 1 : 1
    const waitMs = Math.max(options.waitMs ?? 0, Math.min(options.first * 2 ** (failures - 1), 5 * minute))
    this.#states.set(integration.id, {
      app: appOf(integration),
      failures,
      openUntil: this.#clock.now() + waitMs,
      openMs: waitMs,
      asked: options.waitMs !== undefined,
    })
  }

  succeeded(integration: Integration): void {
    this.#states.delete(integration.id)
  }
}

/** How long the others leave the one that tries alone. */
const trialMs = 5 * second

const appOf = ({ clientId, clientSecret }: Integration) => `${clientId} ${clientSecret}`

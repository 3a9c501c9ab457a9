import type { Flow } from '../../ports/flows.ts'
import type { Deps } from '../deps.ts'

/** Remembers states that were used, for as long as they could have been, so that a second use is told apart from a guess (T02). */
export class TakenStates {
  readonly #deps: Deps
  readonly #taken = new Map<string, Pick<Flow, 'environmentId' | 'sessionId' | 'expiresAt'>>()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  add({ stateHash, environmentId, sessionId, expiresAt }: Flow): void {
    this.#taken.set(stateHash, { environmentId, sessionId, expiresAt })
    if (this.#taken.size > 10_000) this.#taken.delete(this.#taken.keys().next().value!)
  }

  /** In the audit once: guessing and repeating must not fill it. */
  async reused(stateHash: string): Promise<void> {
    const flow = this.#taken.get(stateHash)
    this.#taken.delete(stateHash)
    if (!flow) return
    await this.#deps.journal.note(flow.environmentId, {
      at: this.#deps.clock.now(),
      actor: 'system',
      audit: [{ id: this.#deps.random.id('aud'), action: 'connect.state_reused', subject: flow.sessionId }],
    })
  }
}

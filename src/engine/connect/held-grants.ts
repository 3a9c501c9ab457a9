import type { Authorization } from '../http/target.ts'

/**
 * Tokens of a consent that is not stored yet: while its accounts are found out, calls for the grant's future id use them. They replace no older
 * tokens, so using them before they are stored loses nothing; a crash in between only means to consent again.
 */
export class HeldGrants {
  readonly #held = new Map<string, { authorization: Authorization; refusals: number }>()

  /** Runs `work` while calls for that grant may use the authorization. */
  async during<T>(
    environmentId: string,
    grantId: string,
    authorization: Authorization,
    work: () => Promise<T>,
  ): Promise<T> {
    const key = `${environmentId} ${grantId}`
    this.#held.set(key, { authorization, refusals: 0 })
    try {
      return await work()
    } finally {
      this.#held.delete(key)
    }
  }

  find(environmentId: string, grantId: string): Authorization | null {
    if (this.#held.size === 0) return null
    return this.#held.get(`${environmentId} ${grantId}`)?.authorization ?? null
  }

  /** True the first time: not all of the provider's machines may know a token that was just given out (F27). */
  mayTryAgain(environmentId: string, grantId: string): boolean {
    const held = this.#held.get(`${environmentId} ${grantId}`)
    return held !== undefined && held.refusals++ === 0
  }
}

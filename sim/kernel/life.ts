import { mix } from '../../sandbox/chance.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Kernel } from './kernel.ts'

/**
 * One life of a simulated server process, from its start to its end. Whatever its code waits for comes back through here: while the process is stalled it
 * is held, and once the process was killed it never comes. Code after an `await` then does not run, and neither do `finally` blocks, as after SIGKILL.
 */
export class Life {
  /** `p1`; the next life of the process has the same. */
  readonly name: string
  readonly nth: number
  readonly kernel: Kernel
  readonly clock: Clock
  #alive = true
  #heldUntil = 0
  #sleeps = 0
  readonly #stalls: { from: number; until: number }[] = []
  readonly #counts = new Map<string, number>()
  readonly #cuts = new Map<string, number>()

  constructor(kernel: Kernel, name: string, nth: number, skewMs: number) {
    this.kernel = kernel
    this.name = name
    this.nth = nth
    const salt = kernel.chance.state(`sleeps/${name}/${nth}`)
    this.clock = {
      now: () => kernel.now() + skewMs + kernel.hostOffsetMs,
      sleep: (ms, signal) => {
        if (!this.#alive) return never()
        const rank = mix(salt[0] ^ ++this.#sleeps, salt[1]) / 2 ** 32
        if (!signal) return new Promise((resolve) => kernel.after(ms, rank, () => this.deliver(resolve)))
        return this.#returning(kernel.sleep(ms, rank, signal))
      },
    }
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Until when it does nothing. */
  get heldUntil(): number {
    return this.#heldUntil
  }

  end(): void {
    this.#alive = false
  }

  stall(ms: number): void {
    const now = this.kernel.now()
    this.#stalls.push({ from: now, until: now + ms })
    this.#heldUntil = Math.max(this.#heldUntil, now + ms)
  }

  /** Whether it stood still for so long in one piece at some time since then. */
  stoodStillFor(since: number, ms: number): boolean {
    return this.#stalls.some(({ from, until }) => until - Math.max(from, since) >= ms)
  }

  /** Cuts the wire to one side for a while: the `stores`, or a provider. */
  cut(side: string, ms: number): void {
    this.#cuts.set(side, this.kernel.now() + ms)
  }

  isCut(side: string): boolean {
    return this.wasCut(side, this.kernel.now())
  }

  /** At some time since then. */
  wasCut(side: string, since: number): boolean {
    return (this.#cuts.get(side) ?? 0) > since
  }

  /** How often that was counted, this time included. */
  count(key: string): number {
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, count)
    return count
  }

  /** Goes on with `then` in this process, unless it is dead; when it is stalled, as soon as that is over. */
  deliver(then: () => void): void {
    if (!this.#alive) return
    const heldMs = this.#heldUntil - this.kernel.now()
    if (heldMs <= 0) then()
    else this.kernel.after(heldMs, 0.5, () => this.deliver(then))
  }

  #returning(sleeping: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      sleeping.then(
        () => this.deliver(resolve),
        (error) => this.deliver(() => reject(error)),
      )
    })
  }
}

/** What a dead process waits for. */
export const never = (): Promise<never> => new Promise(() => {})

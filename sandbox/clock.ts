import type { Clock, Instant } from '../src/ports/clock.ts'

/** A clock on top of another that runs as fast as it is told and can jump forward, never back. Whoever sleeps on it wakes when their time has come. */
export class SandboxClock implements Clock {
  readonly #base: Clock
  #rate: number
  /** It showed this … */
  #shown: Instant
  /** … when the clock below showed that. */
  #below: Instant
  readonly #sleepers = new Set<AbortController>()

  constructor(base: Clock, options: { at?: Instant; rate?: number } = {}) {
    this.#base = base
    this.#below = base.now()
    this.#shown = options.at ?? this.#below
    this.#rate = checkedRate(options.rate ?? 1)
  }

  now(): Instant {
    return this.#shown + Math.floor((this.#base.now() - this.#below) * this.#rate)
  }

  get rate(): number {
    return this.#rate
  }

  /** How fast it runs: 1 as the clock below, 60 a minute a second, 0 not at all. */
  run(rate: number): void {
    this.#set(this.now(), checkedRate(rate))
  }

  advance(ms: number): void {
    if (!(ms >= 0 && Number.isFinite(ms))) throw new RangeError('the sandbox’s clock only goes forward')
    if (this.now() + ms > latest) throw new RangeError('the sandbox’s clock goes to the end of the year 2199')
    this.#set(this.now() + ms, this.#rate)
  }

  jumpTo(instant: Instant): void {
    this.advance(instant - this.now())
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const until = this.now() + ms
    for (let leftMs = ms; leftMs > 0; leftMs = until - this.now()) {
      signal?.throwIfAborted()
      const woken = new AbortController()
      this.#sleepers.add(woken)
      const belowMs = this.#rate === 0 ? longestMs : Math.min(longestMs, Math.ceil(leftMs / this.#rate))
      try {
        await this.#base.sleep(belowMs, signal ? AbortSignal.any([signal, woken.signal]) : woken.signal)
      } catch (error) {
        // A jump or another rate: look again how long it is.
        if (!woken.signal.aborted || signal?.aborted) throw error
      } finally {
        this.#sleepers.delete(woken)
      }
    }
  }

  #set(shown: Instant, rate: number): void {
    this.#shown = shown
    this.#below = this.#base.now()
    this.#rate = rate
    for (const sleeper of this.#sleepers) sleeper.abort()
  }
}

const longestMs = 3_600_000

/** Later days are none that the API takes, and in the end there is no date any more: the world, which looks at its clock by itself, would take the process with it. */
const latest = Date.UTC(2200, 0, 1) - 1

/** A day a second is the fastest: beyond that, jump. */
function checkedRate(rate: number): number {
  if (!(rate >= 0 && rate <= 86_400)) throw new RangeError('a rate lies between 0 and 86400')
  return rate
}

import { minute, second } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Deps } from '../deps.ts'
import { type Refusal, Refused } from './answer-counts.ts'

export interface Forgery {
  readonly environmentId: string
  readonly integrationId: string
  readonly why: string
  readonly because: Refusal
}

interface Count {
  readonly environmentId: string
  readonly integrationId: string
  readonly why: Map<string, number>
  loggedAt: Instant
  windowAt: Instant
  inWindow: number
}

/**
 * Messages that nobody has signed leave nothing behind but a number. It is written into the log at once when they begin, and then once a minute for
 * each app, so that a flood of them is one line. From some number in ten seconds on they are told to slow down; what is signed rightly is let in all
 * the while.
 */
export class Forgeries {
  readonly #deps: Pick<Deps, 'clock' | 'log'>
  readonly #counts = new Map<string, Count>()

  constructor(deps: Pick<Deps, 'clock' | 'log'>) {
    this.#deps = deps
  }

  /** Notes one, and throws what its sender is told: always the same, whatever was wrong with it. */
  refuse({ environmentId, integrationId, why, because }: Forgery): never {
    const now = this.#deps.clock.now()
    const count = this.#countOf(environmentId, integrationId)
    count.why.set(why, (count.why.get(why) ?? 0) + 1)
    if (now - count.loggedAt >= minute || now < count.loggedAt) this.#write(count, now)
    if (now - count.windowAt >= windowMs || now < count.windowAt) Object.assign(count, { windowAt: now, inWindow: 0 })
    if (++count.inWindow > mostInWindow)
      throw new Refused({ because }, 'input.throttled', undefined, { waitMs: windowMs })
    throw new Refused(
      { because },
      'input.unauthenticated',
      'The signature of this message is missing, wrong or too old.',
    )
  }

  /** What was counted and is not in the log yet. */
  flush(): void {
    for (const count of this.#counts.values()) if (count.why.size > 0) this.#write(count, this.#deps.clock.now())
  }

  #countOf(environmentId: string, integrationId: string): Count {
    const key = `${environmentId} ${integrationId}`
    const known = this.#counts.get(key)
    if (known) return known
    const never = Number.NEGATIVE_INFINITY
    const count = { environmentId, integrationId, why: new Map(), loggedAt: never, windowAt: never, inWindow: 0 }
    this.#counts.set(key, count)
    if (this.#counts.size > mostApps) {
      const [oldest, first] = this.#counts.entries().next().value!
      if (first.why.size > 0) this.#write(first, this.#deps.clock.now())
      this.#counts.delete(oldest)
    }
    return count
  }

  #write(count: Count, now: Instant): void {
    const { environmentId, integrationId, why } = count
    const total = [...why.values()].reduce((sum, one) => sum + one, 0)
    this.#deps.log.warn('inbox.forged', { environmentId, integrationId, count: total, why: Object.fromEntries(why) })
    why.clear()
    count.loggedAt = now
  }
}

const windowMs = 10 * second
const mostInWindow = 100
const mostApps = 1_000

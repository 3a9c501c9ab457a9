import type { Clock } from '../../ports/clock.ts'

/** Retries add at most a tenth to the first attempts of a minute (I10). */
const share = 0.1
const windowMs = 60_000
/** So that a quiet provider can be asked again at all. */
const floor = 3

/** Keeps a provider in trouble from being asked ever more often because it is in trouble. */
export interface RetryBudget {
  first(provider: string): void
  /** Takes a retry if there is one left. */
  another(provider: string): boolean
}

export function openRetryBudget(clock: Clock): RetryBudget {
  const counts = new Map<string, { startedAt: number; first: number; again: number }>()
  const of = (provider: string) => {
    const now = clock.now()
    let count = counts.get(provider)
    if (!count || now - count.startedAt >= windowMs) {
      // Half of the last minute is carried over, so that a new window does not open the gates at once.
      count = { startedAt: now, first: Math.floor((count?.first ?? 0) / 2), again: Math.floor((count?.again ?? 0) / 2) }
      counts.set(provider, count)
    }
    return count
  }
  return {
    first: (provider) => {
      of(provider).first++
    },
    another(provider) {
      const count = of(provider)
      if (count.again >= floor + count.first * share) return false
      count.again++
      return true
    },
  }
}

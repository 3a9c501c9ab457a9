import type { Clock } from '../../ports/clock.ts'

/** What the promise gives, or `later` after `ms`. What it stands for goes on all the same. */
export async function waitAtMost<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | 'later'> {
  const done = new AbortController()
  try {
    return await Promise.race([promise, clock.sleep(ms, done.signal).then(() => 'later' as const)])
  } finally {
    done.abort(over)
  }
}

/** A reason that is there already: making one up takes longer than the rest of this. */
const over = 'over'

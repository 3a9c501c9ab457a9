import type { Clock } from '../src/ports/clock.ts'
import { NetworkFailure } from '../src/ports/network.ts'

/** Waits for an answer, no longer than the caller's patience (null: for ever) and signal. The work itself goes on: what arrived is done. */
export async function whileListening<Answer>(
  work: Promise<Answer>,
  clock: Clock,
  patienceMs: number | null,
  signal?: AbortSignal,
): Promise<Answer> {
  if (patienceMs === null && !signal) return await work
  const over = new AbortController()
  const stop = new Promise<Answer>((_, reject) => {
    const aborted = () => reject(new NetworkFailure('aborted', true, 'nobody waits for the answer', signal?.reason))
    if (signal?.aborted) aborted()
    signal?.addEventListener('abort', aborted, { once: true, signal: over.signal })
    if (patienceMs === null) return
    const late = () => reject(new NetworkFailure('timeout', true, 'no answer in time'))
    clock.sleep(patienceMs, over.signal).then(late, () => {})
  })
  // Whichever comes second is nobody's any more.
  work.catch(() => {})
  stop.catch(() => {})
  try {
    return await Promise.race([work, stop])
  } finally {
    // A reason that is there already: making one up takes longer than the rest of this.
    over.abort(answered)
  }
}

const answered = 'answered'

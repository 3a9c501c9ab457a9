import type { Clock } from '../../ports/clock.ts'
import type { Intent } from './intent.ts'

/** Waits, and no longer than until its target is told to stop: whoever waits sees that it was. Rejects when the intent itself is given up. */
export async function pause(clock: Clock, { signal, target: { stop } }: Intent, ms: number): Promise<void> {
  if (!stop) return clock.sleep(ms, signal)
  await clock.sleep(ms, signal ? AbortSignal.any([signal, stop]) : stop).catch((error: unknown) => {
    if (!stop.aborted || signal?.aborted) throw error
  })
}

import type { Clock } from '../../ports/clock.ts'

/** The machine's own clock. It may jump, so nothing that must hold across a jump is measured with it alone. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    // A timer longer than this fires after one millisecond instead.
    let left = ms
    for (; left > longestTimerMs; left -= longestTimerMs) await wait(longestTimerMs, signal)
    await wait(left, signal)
  },
}

const longestTimerMs = 2 ** 31 - 1

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal!.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

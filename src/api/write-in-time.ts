import type { Clock } from '../ports/clock.ts'

/** What of a response it needs. */
export interface Outlet {
  write(text: string): boolean
  once(event: 'drain', then: () => void): unknown
}

/** Writes, and waits for a reader who is slow, but not for ever. Throws when nothing was read for so long, or when the signal aborts. */
export async function writeInTime(
  outlet: Outlet,
  text: string,
  { clock, patienceMs, signal }: { clock: Clock; patienceMs: number; signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted()
  if (outlet.write(text)) return
  const drained = new AbortController()
  const isDrained = new Promise<true>((resolve) => outlet.once('drain', () => resolve(true)))
  const isLate = clock.sleep(patienceMs, AbortSignal.any([signal, drained.signal])).then(() => false)
  const inTime = await Promise.race([isDrained, isLate])
  isLate.catch(() => {})
  drained.abort('drained')
  if (!inTime) throw new Error('the reader does not read')
}

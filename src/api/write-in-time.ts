import type { Clock } from '../ports/clock.ts'

/** What of a response it needs. */
export interface Outlet {
  write(text: string): boolean
  once(event: 'drain', then: () => void): unknown
}

/** For how long a reader is waited for. */
export interface Patience {
  readonly clock: Clock
  readonly patienceMs: number
  readonly signal: AbortSignal
}

/** Writes, and waits for a reader who is slow, but not for ever. Throws when nothing was read for so long, or when the signal aborts. */
export async function writeInTime(outlet: Outlet, text: string, patience: Patience): Promise<void> {
  patience.signal.throwIfAborted()
  if (outlet.write(text)) return
  await inTime(new Promise<void>((resolve) => outlet.once('drain', resolve)), patience)
}

/** Waits until what was written is on its way. */
export async function inTime(drained: Promise<unknown>, { clock, patienceMs, signal }: Patience): Promise<void> {
  const isOver = new AbortController()
  const isLate = clock.sleep(patienceMs, AbortSignal.any([signal, isOver.signal])).then(() => false)
  const isInTime = await Promise.race([drained.then(() => true), isLate])
  isLate.catch(() => {})
  isOver.abort('drained')
  if (!isInTime) throw new Error('the reader does not read')
}

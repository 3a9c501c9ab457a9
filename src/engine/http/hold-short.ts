import { second } from '@patchbay/kit'
import type { Deps } from '../deps.ts'

/** What is longer than this is not held. */
const mostBytes = 256 * 1024
/** How long others wait for the end of an answer that has begun. */
const mostMs = 2 * second

/**
 * A body that one caller reads as it comes, and that is held until its end for others where it is short. `whole` is null where it is not, takes too long, or
 * breaks off. It is read on however slowly the caller takes it, until it is too long to be held; from there on at the caller's pace.
 */
export function holdShort(
  clock: Deps['clock'],
  body: AsyncIterable<Uint8Array>,
): { live: AsyncIterable<Uint8Array>; whole: Promise<Uint8Array | null> } {
  const source = body[Symbol.asyncIterator]()
  const pieces: Uint8Array[] = []
  let state: 'reading' | 'too long' | 'ended' | { readonly failed: unknown } = 'reading'
  let wake = () => {}
  const holding = hold()
  const timer = new AbortController()
  const tooSlow = clock.sleep(mostMs, timer.signal).then(
    () => null,
    () => holding,
  )
  return { live: live(), whole: Promise.race([holding.finally(() => timer.abort()), tooSlow]) }

  async function hold(): Promise<Uint8Array | null> {
    let bytes = 0
    try {
      while (bytes <= mostBytes) {
        const piece = await source.next()
        if (piece.done) {
          state = 'ended'
          return Buffer.concat(pieces)
        }
        bytes += piece.value.length
        pieces.push(piece.value)
        wake()
      }
      state = 'too long'
    } catch (error) {
      // Whoever reads it as it comes hears of it; for the others it is as if it had not been.
      state = { failed: error }
    } finally {
      wake()
    }
    return null
  }

  async function* live(): AsyncGenerator<Uint8Array> {
    for (let next = 0; ; ) {
      if (next < pieces.length) yield pieces[next++]!
      else if (state === 'reading')
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      else break
    }
    pieces.length = 0
    if (typeof state === 'object') throw state.failed
    if (state === 'too long') yield* { [Symbol.asyncIterator]: () => source }
  }
}

import { AsyncLocalStorage } from 'node:async_hooks'
import { DatabaseError } from './database-error.ts'

/**
 * Reads for those who ask at the same time with one question. Nothing is remembered: what anybody is told was read after they asked. With 32
 * requests in flight a point read costs a tenth of a transaction this way, and alone it costs what it did.
 */
export function together<Answer>(
  ask: (place: string, keys: readonly string[]) => Promise<ReadonlyMap<string, Answer>>,
): (place: string, key: string) => Promise<Answer | null> {
  return inTurns<string, Answer | null>({ atOnce: 2 }, async (place, keys) => {
    const answers = await ask(place, [...new Set(keys)])
    return keys.map((key) => answers.get(key) ?? null)
  })
}

/**
 * Does work for those who want it at the same time in one go, each place by itself. What is wanted goes out at the end of the turn of the event loop;
 * while `atOnce` are under way at its place, it waits for the next.
 */
export function inTurns<Wish, Answer>(
  options: { atOnce: number },
  work: (place: string, wishes: readonly Wish[]) => Promise<readonly Answer[]>,
): (place: string, wish: Wish) => Promise<Answer> {
  const places = new Map<string, Place<Wish, Answer>>()
  // Whoever comes first may be inside something that is no business of the others.
  const outside = AsyncLocalStorage.snapshot()

  return (name, wish) => {
    const place = places.get(name) ?? { waiting: [], running: 0, armed: false }
    places.set(name, place)
    return new Promise((resolve, reject) => {
      place.waiting.push({ wish, resolve, reject })
      arm(name, place)
    })
  }

  function arm(name: string, place: Place<Wish, Answer>): void {
    if (place.armed || place.running >= options.atOnce || place.waiting.length === 0) return
    place.armed = true
    setImmediate(() => {
      place.armed = false
      outside(() => void run(name, place))
    })
  }

  async function run(name: string, place: Place<Wish, Answer>): Promise<void> {
    const wanted = place.waiting.splice(0, mostWishes)
    place.running++
    arm(name, place)
    await answer(name, wanted)
    place.running--
    arm(name, place)
    if (place.running === 0 && place.waiting.length === 0) places.delete(name)
  }

  async function answer(place: string, wanted: readonly Wanted<Wish, Answer>[]): Promise<void> {
    try {
      const answers = await work(
        place,
        wanted.map(({ wish }) => wish),
      )
      for (const [index, { resolve }] of wanted.entries()) resolve(answers[index]!)
    } catch (error) {
      // What one of them brought may be nothing that can be stored at all; the others shall not hear of it.
      if (wanted.length > 1 && error instanceof DatabaseError && isDataException(error))
        await Promise.all(wanted.map((one) => answer(place, [one])))
      else for (const { reject } of wanted) reject(error)
    }
  }
}

const isDataException = ({ code }: DatabaseError) => code.startsWith('22')

interface Wanted<Wish, Answer> {
  readonly wish: Wish
  resolve(answer: Answer): void
  reject(error: unknown): void
}

interface Place<Wish, Answer> {
  readonly waiting: Wanted<Wish, Answer>[]
  running: number
  armed: boolean
}

const mostWishes = 500

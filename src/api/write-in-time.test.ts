import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedClock } from '../drivers/clock/simulated.ts'
import { writeInTime } from './write-in-time.ts'

/** Writes twice to a reader who reads what is there after so long; null: never. Says how long that took. */
async function check(readsAfterMs: number | null, gone: { afterMs: number } | null, expected: string) {
  const clock = new SimulatedClock(0)
  const written: string[] = []
  const signal = new AbortController()
  const outlet = {
    write: (text: string) => written.push(text) < 1,
    once: (_: 'drain', then: () => void) => {
      if (readsAfterMs !== null) void clock.sleep(readsAfterMs).then(then)
    },
  }
  const seen = await clock.run(async () => {
    if (gone) void clock.sleep(gone.afterMs).then(() => signal.abort(new Error('gone')))
    try {
      for (const text of ['a', 'b'])
        await writeInTime(outlet, text, { clock, patienceMs: 20_000, signal: signal.signal })
      return `${written.join('')} after ${clock.now()}`
    } catch (error) {
      return `${(error as Error).message} after ${clock.now()}`
    }
  })
  assert.equal(seen, expected)
}

test('a reader who reads is waited for, one who does not is cut off, and nobody waits for one who left', async () => {
  await check(0, null, 'ab after 0')
  await check(9_000, null, 'ab after 18000')
  await check(null, null, 'the reader does not read after 20000')
  await check(25_000, null, 'the reader does not read after 20000')
  await check(null, { afterMs: 300 }, 'gone after 300')
})

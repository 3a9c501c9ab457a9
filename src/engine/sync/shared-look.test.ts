import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import type { Slot } from '../../ports/schedule.ts'
import { openSharedLook } from './shared-look.ts'

/** Looks at a schedule that has one slot of each connection. */
function open(of?: () => Promise<Slot[]>) {
  const clock = new SimulatedClock(1_000_000)
  const looks: (readonly string[])[] = []
  const schedule = {
    of: async (_: string, ids: readonly string[]) => {
      looks.push(ids)
      return of ? of() : ids.map((connectionId) => ({ connectionId }) as Slot)
    },
  }
  const look = openSharedLook({ clock, schedule })
  const seen = async (ids: readonly string[], signal?: AbortSignal) =>
    (await look('env_1', ids, signal)).map(({ connectionId }) => connectionId)
  return { clock, looks, seen }
}

test('who waits for the same look shares it, and each sees what they asked for', async () => {
  const { clock, looks, seen } = open()
  await clock.run(async () => {
    assert.deepEqual(await Promise.all([seen(['a', 'b']), seen(['b', 'c'])]), [
      ['a', 'b'],
      ['b', 'c'],
    ])
    assert.deepEqual(await seen(['a']), ['a'])
  })
  assert.deepEqual(looks, [['a', 'b', 'c'], ['a']])
})

test('who goes away sees nothing at once, and who stays sees it all the same', async () => {
  const { clock, looks, seen } = open()
  const gone = new AbortController()
  await clock.run(async () => {
    const [leaving, staying] = [seen(['a'], gone.signal), seen(['b'])]
    const before = clock.now()
    gone.abort()
    assert.deepEqual([await leaving, clock.now() - before], [[], 0])
    assert.deepEqual(await seen(['c'], gone.signal), [])
    assert.equal(clock.now(), before, 'who is gone already waits for nothing')
    assert.deepEqual(await staying, ['b'])
  })
  assert.deepEqual(looks, [['a', 'b']])
})

test('however often somebody looks, nothing of it stays with their signal', async () => {
  const { clock, seen } = open()
  const { signal } = new AbortController()
  await clock.run(async () => {
    for (let look = 0; look < 5; look++) await seen(['a'], signal)
  })
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('a look that fails is heard by who still waits for it', async () => {
  const { clock, seen } = open(() => Promise.reject(new Error('no store')))
  const gone = new AbortController()
  await clock.run(async () => {
    const [leaving, staying] = [seen(['a'], gone.signal), seen(['b'], new AbortController().signal)]
    gone.abort()
    assert.deepEqual(await leaving, [])
    await assert.rejects(staying, /no store/)
  })
})

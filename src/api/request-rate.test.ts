import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, isFault, second } from '@patchbay/kit'
import { SimulatedClock } from '../drivers/clock/simulated.ts'
import { openRequestRate } from './request-rate.ts'

function open() {
  const clock = new SimulatedClock(2 * hour)
  let offsetMs = 0
  const rate = openRequestRate({ now: () => clock.now() + offsetMs, sleep: (ms, signal) => clock.sleep(ms, signal) })
  /** How long somebody waits, and for what. */
  async function ask(environment: string, actor = `key:${environment}`) {
    const askedAt = clock.now()
    const heard = (outcome: string) => `${outcome} after ${clock.now() - askedAt} ms`
    try {
      await rate.count({ actor, environment: { id: environment } } as never, null)
      return heard('served')
    } catch (error) {
      assert.ok(isFault(error, 'input.throttled'), String(error))
      return heard(`refused for ${error.detail.waitMs! / second} s`)
    }
  }
  const times = (count: number, environment: string, actor?: string) =>
    Promise.all(Array.from({ length: count }, () => ask(environment, actor)))
  const setBack = () => {
    offsetMs -= hour
  }
  return { clock, ask, times, setBack, run: (work: () => Promise<void>) => clock.run(work) }
}

function tally(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

test('beyond its limit a key waits until the window is over, and nobody else does', async () => {
  const { clock, ask, times, run } = open()
  await run(async () => {
    assert.deepEqual(tally(await times(6_000, 'one')), { 'served after 0 ms': 6_000 })
    await clock.sleep(20 * second)
    assert.equal(await ask('one'), 'refused for 40 s after 0 ms')
    assert.equal(await ask('one', 'key:other'), 'served after 0 ms')
    await clock.sleep(40 * second)
    assert.equal(await ask('one'), 'served after 0 ms')
  })
})

test('beside somebody else who asks, a loop that ran away goes at its rate, and its refusals are not asked for in the same millisecond', async () => {
  const { clock, ask, times, run } = open()
  await run(async () => {
    await ask('calm')
    const first = await times(300, 'flood')
    assert.equal(first.filter((outcome) => outcome === 'served after 0 ms').length, 50)
    assert.equal(first.at(-1), 'served after 2500 ms')
    // One connection after the other asks again as soon as it is answered.
    let served = 0
    const until = clock.now() + 50 * second
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        while (clock.now() < until) {
          await ask('calm')
          if ((await ask('flood')).startsWith('served')) served++
        }
      }),
    )
    assert.ok(served >= 4_990 && served <= 5_020, String(served))
    await times(700, 'flood')
    await clock.sleep(second)
    await ask('calm')
    assert.match(await ask('flood'), /^refused for \d s after 1000 ms$/)
    assert.equal(await ask('calm'), 'served after 0 ms')
  })
})

test('who has no turn within seconds is told so, and takes none away', async () => {
  const { clock, ask, times, run } = open()
  await run(async () => {
    await ask('calm')
    const outcomes = tally(await times(1_000, 'flood'))
    assert.equal(outcomes['served after 0 ms'], 50)
    assert.equal(outcomes['served after 5000 ms'], 1)
    assert.equal(outcomes['refused for 6 s after 1000 ms'], 450)
    await ask('calm')
    assert.equal(await ask('flood'), 'served after 10 ms')
    // The other one has left.
    await clock.sleep(5 * second)
    assert.deepEqual(tally(await times(1_000, 'flood')), { 'served after 0 ms': 1_000 })
  })
})

test('F95: a clock that is set back makes nobody wait until it is there again', async () => {
  const { ask, times, setBack, run } = open()
  await run(async () => {
    await times(6_000, 'one')
    setBack()
    assert.equal(await ask('one'), 'served after 0 ms')
    await ask('calm')
    await times(300, 'flood')
    setBack()
    await ask('calm')
    assert.equal(await ask('flood'), 'served after 0 ms')
  })
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Fault, isFault } from '@patchbay/kit'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { SeededRandom } from '../../drivers/random/seeded.ts'
import { breaker } from './breaker.ts'
import type { Intent } from './intent.ts'
import { openTestWorld, type Scripted, testProvider, testTarget } from './test-provider.ts'

/** Each step is a call without patience: how it ended, and whether it was sent. `n×` repeats it, `+5s` lets time pass. */
suite('F02: breaker', () => {
  check(
    'stays closed below ten in a row',
    [...down(9), 200, ...down(9), 200],
    '9×provider.down, ok, 9×provider.down, ok',
  )
  check('opens after ten in a row', down(20), '10×provider.down, 5×rested')
  check('counts what cannot be reached or does not answer', times(20, 'connect'), '10×provider.unreachable, 2×rested')
  check('counts lost answers of writes', times(20, 'lost'), '10×provider.unsure, 2×rested', 'POST')
  check(
    'closes when the one that tries works',
    [...down(10), 200, ...down(9), 200],
    '10×provider.down, rested, +7s, ok, 9×provider.down, ok',
  )
  check(
    'opens for twice as long when it does not',
    down(30),
    '10×provider.down, +7s, provider.down, rested, +7s, rested, +7s, provider.down',
  )
  check(
    'never opens for longer than five minutes',
    down(40),
    '10×provider.down, +7s, provider.down, +700s, provider.down, +700s, provider.down, +700s, provider.down, +700s, provider.down, +700s, provider.down, +700s, provider.down, +361s, provider.down, rested',
  )
  check('is not opened by refusals', times(40, 403), '20×provider.forbidden')
  check(
    'is not opened by throttling',
    times(40, 429),
    'provider.throttled, +2s, provider.throttled, +3s, provider.throttled',
  )
  check(
    'is closed by a refusal: it was answered',
    [...down(10), 404, 200],
    '10×provider.down, +7s, provider.missing, ok',
  )

  test('lets one try while the others rest', async () => {
    const { clock, gateway, asked } = openTestWorld([...down(10), 200], { latencyMs: 500 })
    const target = testTarget(testProvider(), { patienceMs: 0 })
    const call = () =>
      gateway.call(target, { path: '/x' }).then(
        () => 'ok',
        (error) => error.detail.reason ?? error.code,
      )
    await clock.run(async () => {
      for (let nth = 0; nth < 10; nth++) await call()
      await clock.sleep(7_000)
      const ended = await Promise.all([call(), call(), call(), call()])
      assert.deepEqual(ended, ['ok', 'resting', 'resting', 'resting'])
      assert.equal(await call(), 'ok')
    })
    assert.equal(asked.length, 12)
  })

  test('is for one host of one provider, in one half', async () => {
    const { clock, gateway } = openTestWorld([({ url }) => (url.includes('api.acme') ? 503 : 200)])
    const provider = testProvider({ hosts: { other: 'https://other.acme.example' } })
    const target = testTarget(provider, { patienceMs: 0 })
    const live = testTarget(provider, { patienceMs: 0, environment: { ...target.environment, mode: 'live' } })
    await clock.run(async () => {
      for (let nth = 0; nth < 11; nth++) await gateway.call(target, { path: '/x' }).catch(() => {})
      await assert.rejects(
        gateway.call(target, { path: '/x' }),
        (error) => isFault(error) && error.detail.reason === 'resting',
      )
      await gateway.call(target, { path: '/x', host: 'other' })
      await assert.rejects(
        gateway.call(live, { path: '/x' }),
        (error) => isFault(error) && error.detail.reason !== 'resting',
      )
    })
  })

  test('a call with patience waits for the rest to be over', async () => {
    const { clock, gateway } = openTestWorld([...down(10), 200])
    const impatient = testTarget(testProvider(), { patienceMs: 0 })
    await clock.run(async () => {
      for (let nth = 0; nth < 10; nth++) await gateway.call(impatient, { path: '/x' }).catch(() => {})
      const started = clock.now()
      await gateway.call(testTarget(impatient.provider), { path: '/x' })
      assert.ok(clock.now() - started >= 4_000)
    })
  })

  test('takes nothing from a quota while it is open', async () => {
    const { clock, gateway, limiter } = openTestWorld(down(10))
    const quotas = [
      { id: 'general', per: 'app', limit: 100, window: { rollingMs: 3_600_000 }, source: 'test' } as const,
    ]
    const target = testTarget(testProvider({ quotas }), { patienceMs: 0 })
    await clock.run(async () => {
      for (let nth = 0; nth < 30; nth++) await gateway.call(target, { path: '/x' }).catch(() => {})
    })
    assert.equal((await limiter.usage('acme/', clock.now()))[0]!.used, 10)
  })

  test('rests no longer than was decided when the clock is set back', async () => {
    const clock = new SimulatedClock(0)
    let offsetMs = 0
    const layer = breaker({
      clock: { now: () => clock.now() + offsetMs, sleep: (ms, signal) => clock.sleep(ms, signal) },
      random: new SeededRandom('breaker', clock),
    })
    const provider = testProvider()
    let sent = 0
    const failing = layer(async () => {
      sent++
      throw new Fault('provider.down')
    })
    const call = () =>
      failing({
        target: testTarget(provider),
        url: new URL(provider.api.baseUrl),
        tally: { sentNow: true, sent: 0 },
      } as unknown as Intent).catch(() => {})
    for (let nth = 0; nth < 12; nth++) await call()
    assert.equal(sent, 10)
    offsetMs -= 3_600_000
    await call()
    assert.equal(sent, 11, 'one tries')
  })

  function check(behaviour: string, script: readonly Scripted[], expected: string, method: 'GET' | 'POST' = 'GET') {
    test(behaviour, async () => {
      const { clock, gateway } = openTestWorld(script, { latencyMs: 1 })
      const target = testTarget(testProvider(), { patienceMs: 0 })
      await clock.run(async () => {
        for (const step of expected.split(', ')) {
          const [, count = '1', wanted] = /^(?:(\d+)×)?(.*)$/.exec(step)!
          if (wanted!.startsWith('+')) await clock.sleep(Number.parseInt(wanted!.slice(1), 10) * 1_000)
          else
            for (let nth = 0; nth < Number(count); nth++) {
              const ended = await gateway.call(target, { path: '/x', method }).then(
                () => 'ok',
                (error) => (error.detail.reason === 'resting' ? 'rested' : error.code),
              )
              assert.equal(ended, wanted, `${step}, number ${nth + 1}`)
            }
        }
      })
    })
  }
})

function times(count: number, each: Scripted): Scripted[] {
  return new Array(count).fill(each)
}

function down(count: number): Scripted[] {
  return times(count, 503)
}

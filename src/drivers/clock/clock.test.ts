import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Clock } from '../../ports/clock.ts'
import { SimulatedClock } from './simulated.ts'
import { systemClock } from './system.ts'

const start = Date.UTC(2026, 0, 1)

suite('simulated clock', () => {
  check('an hour takes no time', [['a', 3_600_000]], ['a at 3600000'])
  check(
    'the earliest wakes first',
    [
      ['a', 30],
      ['b', 10],
      ['c', 20],
    ],
    ['b at 10', 'c at 20', 'a at 30'],
  )
  check(
    'of the same instant the first to sleep wakes first',
    [
      ['a', 10],
      ['b', 10],
      ['c', 10],
    ],
    ['a at 10', 'b at 10', 'c at 10'],
  )
  check(
    'sleeps add up',
    [
      ['a', 10, 10],
      ['b', 15],
    ],
    ['a at 10', 'b at 15', 'a at 20'],
  )
  check('nothing and less than nothing are no time', [['a', 0, -5, 0]], ['a at 0', 'a at 0', 'a at 0'])
  check('fractions are rounded up, so that a wait is never too short', [['a', 0.2]], ['a at 1'])
  check(
    'a rank orders the same instant',
    [
      ['a', 10],
      ['b', 10],
      ['c', 10],
    ],
    ['c at 10', 'b at 10', 'a at 10'],
    3,
  )

  test('time stands still while anybody works', async () => {
    const clock = new SimulatedClock(start)
    await clock.run(async () => {
      const other = clock.sleep(1)
      for (let turn = 0; turn < 100; turn++) await Promise.resolve()
      assert.equal(clock.now(), start)
      await other
      assert.equal(clock.now(), start + 1)
    })
  })

  test('time stands still for work outside of JavaScript', async () => {
    const clock = new SimulatedClock(start)
    await clock.run(async () => {
      const alarm = clock.sleep(5)
      await clock.outside(() => new Promise((resolve) => setTimeout(resolve, 20)))
      assert.equal(clock.now(), start)
      await alarm
    })
  })

  test('work left and nobody asleep is a deadlock', async () => {
    const clock = new SimulatedClock(start)
    await assert.rejects(
      clock.run(() => new Promise(() => {})),
      /deadlock/,
    )
  })

  test('a loop that only sleeps ends too', async () => {
    const clock = new SimulatedClock(start)
    const forever = async () => {
      for (;;) await clock.sleep(60_000)
    }
    await assert.rejects(clock.run(forever, { limitMs: 3_600_000 }), /not done after 3600 s/)
  })

  test('what still sleeps stays asleep', async () => {
    const clock = new SimulatedClock(start)
    let woke = false
    await clock.run(async () => {
      void clock.sleep(10).then(() => {
        woke = true
      })
    })
    assert.deepEqual([woke, clock.sleepers, clock.now()], [false, 1, start])
    await clock.run(() => clock.sleep(10))
    assert.equal(woke, true)
  })

  test('an error of the work is the error of the run', async () => {
    const clock = new SimulatedClock(start)
    const work = async () => {
      await clock.sleep(5)
      throw new Error('no')
    }
    await assert.rejects(clock.run(work), /^Error: no$/)
    await assert.rejects(
      clock.run(() => {
        throw new Error('at once')
      }),
      /at once/,
    )
  })

  test('runs once at a time', async () => {
    const clock = new SimulatedClock(start)
    await clock.run(async () =>
      assert.rejects(
        clock.run(async () => {}),
        /already runs/,
      ),
    )
  })

  test('stops sleeping when told to', async () => {
    const clock = new SimulatedClock(start)
    await clock.run(() => stopping(clock))
    assert.equal(clock.sleepers, 0)
  })

  function check(
    behaviour: string,
    actors: [name: string, ...sleeps: number[]][],
    expected: string[],
    countDown?: number,
  ) {
    test(behaviour, async () => {
      let rank = countDown ?? 0
      const clock = new SimulatedClock(start, countDown ? { rank: () => rank-- } : {})
      const log: string[] = []
      await clock.run(async () => {
        await Promise.all(
          actors.map(async ([name, ...sleeps]) => {
            for (const ms of sleeps) {
              await clock.sleep(ms)
              log.push(`${name} at ${clock.now() - start}`)
            }
          }),
        )
      })
      assert.deepEqual(log, expected)
    })
  }
})

suite('system clock', () => {
  test('waits', async () => {
    const before = systemClock.now()
    await systemClock.sleep(5)
    assert.ok(systemClock.now() - before >= 4)
  })
  test('stops sleeping when told to', () => stopping(systemClock))

  test('F99: what is longer than a timer can be is not over at once', async () => {
    const enough = new AbortController()
    for (const ms of [2 ** 31, 2 ** 31 + 1_000, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      const long = systemClock.sleep(ms, enough.signal).then(
        () => 'over',
        () => 'stopped',
      )
      // A timer of more than 2^31 - 1 ms fires after one.
      assert.equal(await Promise.race([long, systemClock.sleep(20).then(() => 'asleep')]), 'asleep')
    }
    enough.abort()
  })
})

async function stopping(clock: Clock): Promise<void> {
  const reason = new Error('enough')
  await assert.rejects(clock.sleep(1000, AbortSignal.abort(reason)), reason)
  const stop = new AbortController()
  const sleeping = clock.sleep(100_000_000_000, stop.signal)
  stop.abort(reason)
  await assert.rejects(sleeping, reason)
}

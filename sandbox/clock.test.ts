import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SandboxClock } from './clock.ts'

/** Sleeps end when the test moves the time. */
function manual(now = 0) {
  let sleepers: { at: number; wake: () => void }[] = []
  return {
    now: () => now,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const sleeper = { at: now + ms, wake: resolve }
        sleepers.push(sleeper)
        signal?.addEventListener('abort', () => reject(signal.reason))
      }),
    move(ms: number) {
      now += ms
      for (const { at, wake } of sleepers) if (at <= now) wake()
      sleepers = sleepers.filter(({ at }) => at > now)
    },
  }
}

test('it runs with the clock below, faster, or not at all', () => {
  const below = manual(1000)
  const clock = new SandboxClock(below, { at: 50_000 })
  below.move(10)
  assert.equal(clock.now(), 50_010)
  clock.run(60)
  below.move(1000)
  assert.equal(clock.now(), 110_010)
  clock.run(0)
  below.move(1000)
  assert.equal(clock.now(), 110_010)
  assert.throws(() => clock.run(-1), RangeError)
})

test('it jumps forward, and never back', () => {
  const clock = new SandboxClock(manual(0))
  clock.advance(86_400_000)
  clock.jumpTo(100_000_000)
  assert.equal(clock.now(), 100_000_000)
  assert.throws(() => clock.jumpTo(99_999_999), RangeError)
  assert.throws(() => clock.advance(Number.NaN), RangeError)
  for (const ms of [1e13, 1e20, Number.MAX_VALUE]) assert.throws(() => clock.advance(ms), RangeError)
  assert.throws(() => clock.jumpTo(Date.UTC(2200, 0, 1)), RangeError)
  assert.equal(clock.now(), 100_000_000)
})

test('a jump wakes those whose time has come, and no others', async () => {
  const below = manual(0)
  const clock = new SandboxClock(below)
  const woken: string[] = []
  const soon = clock.sleep(10_000).then(() => woken.push('soon'))
  const late = clock.sleep(1_000_000).then(() => woken.push('late'))
  clock.advance(20_000)
  await soon
  assert.deepEqual(woken, ['soon'])
  clock.run(1000)
  await Promise.resolve()
  below.move(1000)
  await late
  assert.deepEqual(woken, ['soon', 'late'])
})

test('a sleep ends with its signal', async () => {
  const stop = new AbortController()
  const sleep = new SandboxClock(manual(0)).sleep(1000, stop.signal)
  stop.abort(new Error('enough'))
  await assert.rejects(sleep, /enough/)
})

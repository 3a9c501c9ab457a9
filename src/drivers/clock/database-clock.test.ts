import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, hour, minute, second } from '@patchbay/kit'
import { openCapturedLog } from '../log/captured.ts'
import { openDatabaseClock } from './database-clock.ts'

const start = Date.parse('2026-11-01T12:00:00Z')

/** Machines and a database, each with a clock that somebody may set. */
function openScene() {
  let goneMs = 0
  const log = openCapturedLog()
  const database = { offsetMs: 0, away: false, takesMs: 0, asked: 0, meanwhile: () => {} }
  const machineOf = (aheadMs: number) => {
    const machine = { aheadMs, sleptMs: 0 }
    const clock = openDatabaseClock(
      async () => {
        database.asked++
        if (database.away) throw new Error('away')
        goneMs += database.takesMs / 2
        const says = start + goneMs + database.offsetMs
        database.meanwhile()
        goneMs += database.takesMs / 2
        return says
      },
      { log, machine: { wall: () => start + goneMs + machine.aheadMs, monotonic: () => goneMs - machine.sleptMs } },
    )
    return { machine, clock }
  }
  return {
    ...{ log, database, machineOf },
    pass: (ms: number) => {
      goneMs += ms
    },
    truth: () => start + goneMs + database.offsetMs,
    /** What was asked for because of a jump is answered. */
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    events: () => log.lines.map(({ event }) => event),
  }
}

test('F88: processes whose machines are hours apart agree on what time it is: the database’s', async () => {
  for (const offsetMs of [0, -2 * hour]) {
    const scene = openScene()
    scene.database.offsetMs = offsetMs
    const clocks = [hour, -hour, 40, 0].map((aheadMs) => scene.machineOf(aheadMs).clock)
    for (const clock of clocks) await clock.measure()
    scene.pass(10 * minute)
    for (const clock of clocks)
      assert.ok(Math.abs(clock.now() - scene.truth()) <= second, `${clock.now() - scene.truth()} ms`)
    assert.equal(scene.events().filter((event) => event === 'clock.differs').length, offsetMs === 0 ? 2 : 4)
    assert.match(String(scene.log.lines[0]!.fields['says']), /\d+ s (ahead of|behind) the database's.*NTP/)
  }
})

test('F88: what differs by less than a second, or is not sure because the answer took long, changes nothing', async () => {
  const scene = openScene()
  const { clock, machine } = scene.machineOf(800)
  await clock.measure()
  assert.equal(clock.now() - scene.truth(), 800)
  Object.assign(scene.database, { takesMs: 20 * second, offsetMs: -5 * second })
  await clock.measure()
  assert.equal(clock.now() - scene.truth(), 5_800)
  assert.deepEqual(scene.events(), [])
  scene.database.takesMs = 10
  await clock.measure()
  assert.ok(Math.abs(clock.now() - scene.truth()) < second)
  // Set right, the machine's own clock is as good again.
  scene.database.offsetMs = 0
  machine.aheadMs = 0
  await clock.measure()
  assert.equal(clock.now(), scene.truth())
})

for (const setMs of [hour, -hour])
  test(`F95: a clock that is set ${setMs > 0 ? 'on' : 'back'} by an hour sets nothing here, whether the database answers or not`, async () => {
    const scene = openScene()
    const { clock, machine } = scene.machineOf(0)
    await clock.measure()
    scene.pass(minute)
    for (const away of [true, false]) {
      scene.database.away = away
      machine.aheadMs += setMs
      assert.ok(Math.abs(clock.now() - scene.truth()) < second)
      await scene.settle()
      scene.pass(minute)
      assert.ok(Math.abs(clock.now() - scene.truth()) < second)
    }
    // A leap second, or a clock that a time server pulls, is none of that.
    const before = scene.events().length
    machine.aheadMs += second
    clock.now()
    assert.equal(scene.events().length, before)
  })

test('F95: a machine that slept for three days knows it when the database has answered', async () => {
  const scene = openScene()
  const { clock, machine } = scene.machineOf(0)
  await clock.measure()
  const before = clock.now()
  scene.pass(3 * dayMs)
  machine.sleptMs += 3 * dayMs
  assert.equal(clock.now(), before)
  await scene.settle()
  assert.equal(clock.now(), scene.truth())
  assert.deepEqual(scene.events(), ['clock.jumped'])
})

test('F95: what the database said before the machine fell asleep is not taken for what it says now', async () => {
  const scene = openScene()
  const { clock, machine } = scene.machineOf(0)
  await clock.measure()
  let naps = 1
  scene.database.meanwhile = () => {
    if (naps-- <= 0) return
    scene.pass(3 * dayMs)
    machine.sleptMs += 3 * dayMs
  }
  await clock.measure()
  assert.equal(clock.now(), scene.truth())
  assert.deepEqual(scene.events(), ['clock.jumped'])

  // One that is set again and again asks no more than a few times, and goes on by what went by.
  const before = scene.database.asked
  scene.database.meanwhile = () => {
    machine.aheadMs += hour
  }
  await clock.measure()
  assert.equal(scene.database.asked - before, 3)
  assert.equal(clock.now(), scene.truth())
})

test('it is compared once a minute until it is closed, and one that is away for a minute is asked in the next', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const scene = openScene()
  const { clock } = scene.machineOf(hour)
  clock.keepComparing()
  assert.equal(clock.now() - scene.truth(), hour)
  scene.database.away = true
  t.mock.timers.tick(minute)
  await scene.settle()
  scene.database.away = false
  t.mock.timers.tick(minute)
  await scene.settle()
  assert.equal(clock.now(), scene.truth())
  assert.deepEqual(scene.events(), ['clock.not_compared', 'clock.differs'])
  await clock.close()
  t.mock.timers.tick(10 * minute)
  await scene.settle()
  assert.equal(scene.database.asked, 2)
})

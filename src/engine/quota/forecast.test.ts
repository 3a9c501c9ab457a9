import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { hour, minute, type Quota } from '@patchbay/kit'
import fc from 'fast-check'
import type { SlotCount } from '../../ports/schedule.ts'
import { type Bucket, forecast, type Load, resetOf, stepsUntil } from './forecast.ts'
import type { ReadingCost } from './reading-costs.ts'

const pacific = 'America/Los_Angeles'
const units = (window: Quota['window'] = { day: pacific }, limit = 100): Quota => ({
  ...{ id: 'units', per: 'app', limit, window, unit: 'units', source: 'test' },
})
const costOf = (each: number, more: Partial<ReadingCost> = {}): ReadingCost => ({
  ...{ stream: 'channel', everyMs: 24 * hour, batch: 1, accountsPerRun: 1, takes: { units: each } },
  ...{ basis: 'measured', runs: 9 },
  ...more,
})
const countOf = (step: number, slots: number, more: Partial<SlotCount> = {}): SlotCount => ({
  ...{ provider: 'acme', integrationId: 'int_1', stream: 'channel', everyMs: 24 * hour, waiting: false, quota: null },
  ...{ step, slots, firstDueAt: 0, lastDueAt: 0 },
  ...more,
})
const look = (at: string, loads: readonly Load[], more: Partial<Bucket> = {}) => {
  const now = Date.parse(at)
  const bucket = { quota: units(), used: 0, parkedUntil: null, ...more }
  return forecast(bucket, loads, stepsUntil(now, resetOf(bucket.quota, now) ?? now + 1), now)
}
const one = (each: number, ...counts: SlotCount[]): Load => ({ cost: costOf(each), counts, share: 1 })
const iso = (at: number | null | undefined) => (at == null ? null : new Date(at).toISOString())

suite('what the schedule will draw until the window resets', () => {
  test('each slot once where its interval is longer than what is left', () => {
    const ahead = look('2026-06-01T12:00:00Z', [one(2, countOf(0, 5), countOf(99, 3), countOf(100, 50))], { used: 10 })
    assert.partialDeepStrictEqual(ahead, {
      ...{ expected: 16, readings: 8, shareAtReset: 0.26, exhaustedAt: null, held: null, usable: 90 },
      streams: [{ stream: 'channel', readings: 8, perReading: 2, amount: 16, basis: 'measured', runs: 9 }],
    })
    assert.equal(iso(ahead.resetsAt), '2026-06-02T07:00:00.000Z')
    assert.equal(
      ahead.says,
      'Until 2026-06-02 00:00 America/Los_Angeles 8 readings draw about 16 units (as the last runs took), which makes 26 % of 100 units a day.',
    )
  })

  test('again and again where it is shorter: every eleven twelfths of the interval', () => {
    // 19 hours are left; read hourly, that is every 55 minutes.
    const { readings } = look('2026-06-01T12:00:00Z', [one(1, countOf(0, 2, { everyMs: hour }))])
    assert.equal(readings, 2 * Math.ceil((19 * 60) / 55))
  })

  test('and what does not fit waits until the reset, named in the zone of the platform', () => {
    const ahead = look('2026-06-01T12:00:00Z', [one(1, countOf(0, 10), countOf(50, 40))], { used: 60 })
    assert.deepEqual(ahead.held, { readings: 20, until: ahead.resetsAt })
    // Half of 19 hours later.
    assert.equal(iso(ahead.exhaustedAt), '2026-06-01T21:30:00.000Z')
    assert.match(
      ahead.says,
      / What readings may use of it is used up at 14:30 America\/Los_Angeles: 20 readings wait until 2026-06-02 00:00 America\/Los_Angeles\.$/,
    )
  })

  test('for as many windows as the rest needs', () => {
    const { held, resetsAt } = look('2026-06-01T12:00:00Z', [one(1, countOf(0, 300))])
    assert.deepEqual(held, { readings: 210, until: resetsAt! + 2 * 24 * hour })
    const rolling = look('2026-06-01T12:00:00Z', [one(1, countOf(0, 300))], { quota: units({ rollingMs: 30_000 }) })
    assert.equal(iso(rolling.held?.until), '2026-06-01T12:01:30.000Z')
    assert.match(
      rolling.says,
      /^In the next 30 seconds 300 readings draw about 300 units .* 300 % of 100 units in 30 seconds\./,
    )
  })

  const nights = [
    ['2026-03-08T10:00:00Z', 23, '2026-03-09T07:00:00.000Z'],
    ['2026-11-01T10:00:00Z', 25, '2026-11-02T08:00:00.000Z'],
    ['2026-11-03T10:00:00Z', 24, '2026-11-04T08:00:00.000Z'],
  ] as const
  for (const [at, hours, resetsAt] of nights)
    test(`F36: a day of ${hours} hours ends when the platform's does`, () => {
      const ahead = look(at, [])
      assert.deepEqual([ahead.windowMs, iso(ahead.resetsAt)], [hours * hour, resetsAt])
      // Due in the last quarter of an hour of that day, and in the first of the next.
      const left = ahead.resetsAt! - Date.parse(at)
      const { steps, stepMs } = stepsUntil(Date.parse(at), ahead.resetsAt!)
      assert.equal(Math.round(steps * stepMs), left)
      assert.equal(look(at, [one(1, countOf(steps - 1, 1))]).readings, 1)
      assert.equal(look(at, [one(1, countOf(steps, 1))]).readings, 0)
    })

  test('nothing, of a quota that it does not touch', () => {
    const ahead = look('2026-06-01T12:00:00Z', [{ ...one(1, countOf(0, 5)), cost: costOf(1, { takes: { other: 9 } }) }])
    assert.deepEqual([ahead.expected, ahead.readings, ahead.streams], [0, 0, []])
    assert.match(ahead.says, /the schedule reads nothing that draws on it; 0 of 100 units a day are used\./)
  })

  test('one account’s share, of a quota that is counted for each', () => {
    const { expected } = look('2026-06-01T12:00:00Z', [{ ...one(3, countOf(0, 10)), share: 1 / 10 }])
    assert.ok(Math.abs(expected - 3) < 1e-9)
  })

  test('and nothing while the platform said stop', () => {
    const parkedUntil = Date.parse('2026-06-02T10:00:00Z')
    const ahead = look('2026-06-01T12:00:00Z', [one(1, countOf(0, 3))], { parkedUntil })
    assert.deepEqual(ahead.held, { readings: 3, until: parkedUntil })
    assert.match(ahead.says, /The platform said stop: nothing before 2026-06-02 03:00 America\/Los_Angeles\.$/)
  })

  test('what runs at once is not foretold', () => {
    const ahead = look('2026-06-01T12:00:00Z', [one(1, countOf(0, 3))], { quota: units({ concurrent: true }), used: 4 })
    assert.deepEqual([ahead.resetsAt, ahead.expected, ahead.shareAtReset], [null, 0, 0.04])
    assert.equal(ahead.says, 'At most 100 units at once; 4 run now.')
  })

  test('who waits now is counted, and until when', () => {
    const [from, until] = [Date.parse('2026-06-02T07:00:10Z'), Date.parse('2026-06-02T07:01:00Z')]
    const held = { waiting: true, quota: 'units', firstDueAt: from, lastDueAt: until }
    const other = { waiting: true, quota: 'burst', firstDueAt: from, lastDueAt: until + hour }
    const ahead = look('2026-06-01T12:00:00Z', [one(1, countOf(100, 4, held), countOf(100, 9, other))])
    assert.deepEqual(ahead.waiting, { readings: 4, from, until })
    assert.match(ahead.says, /4 readings wait for it now, the last until 2026-06-02 00:01 America\/Los_Angeles\.$/)
  })

  test('by what it is reckoned is said', () => {
    const said = (['card', 'declared'] as const).map(
      (basis) => look('2026-06-01T12:00:00Z', [{ ...one(1, countOf(0, 1)), cost: costOf(1, { basis }) }]).says,
    )
    assert.match(said[0]!, /1 reading draws about 1 units \(by the provider’s cost card\)/)
    assert.match(said[1]!, /\(by the declared minimum of calls/)
  })
})

const loadsOf = fc.array(
  fc.record({ step: fc.nat(100), slots: fc.integer({ min: 1, max: 40 }), hours: fc.integer({ min: 1, max: 48 }) }),
  { maxLength: 12 },
)
const instants = fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2027-01-01') })
const quotas = fc.oneof(
  fc.constantFrom(pacific, 'UTC', 'Europe/Berlin').map((day) => units({ day }, 500)),
  fc.integer({ min: 1, max: 3000 }).map((minutes) => units({ rollingMs: minutes * minute }, 500)),
)

test('it says that it lasts when it does, and counts every reading that has room or waits', () => {
  const cases = fc.property(
    loadsOf,
    quotas,
    instants,
    fc.nat(500),
    fc.double({ min: 0.01, max: 20, noNaN: true }),
    (all, quota, now, used, each) => {
      const until = resetOf(quota, now)!
      const steps = stepsUntil(now, until)
      const counts = all.map(({ step, slots, hours }) => countOf(step, slots, { everyMs: hours * hour }))
      const ahead = forecast({ quota, used, parkedUntil: null }, [one(each, ...counts)], steps, now)
      const close = (a: number, b: number) =>
        assert.ok(Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b)), `${a} ≠ ${b}`)
      close(ahead.expected, ahead.readings * each)
      close(ahead.shareAtReset, (used + ahead.expected) / 500)
      assert.ok(
        used + ahead.expected > ahead.usable + 1e-6 ? ahead.held !== null || ahead.expected === 0 : ahead.held === null,
      )
      assert.equal(ahead.exhaustedAt === null, ahead.held === null)
      if (ahead.held === null) return
      const fit = Math.max(0, (ahead.usable - used) / each)
      assert.ok(Math.abs(ahead.held.readings - (ahead.readings - Math.min(ahead.readings, fit))) <= 1 + 1e-6)
      assert.ok(ahead.held.until >= until && ahead.exhaustedAt! < until)
      // One more slot is never less.
      const more = forecast({ quota, used, parkedUntil: null }, [one(each, ...counts, countOf(0, 1))], steps, now)
      assert.ok(more.expected >= ahead.expected && more.held!.readings >= ahead.held.readings)
      assert.ok(more.exhaustedAt! <= ahead.exhaustedAt!)
    },
  )
  fc.assert(cases, { numRuns: 300, seed: 20261128 })
})

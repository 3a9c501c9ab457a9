import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { hour, minute, type Quota } from '@patchbay/kit'
import fc from 'fast-check'
import { capacity, type Plan } from './capacity.ts'
import type { ReadingCost } from './reading-costs.ts'

const now = Date.parse('2026-06-01T12:00:00Z')
const quota = (id: string, limit: number, window: Quota['window'], per: Quota['per'] = 'app'): Quota => ({
  ...{ id, per, limit, window, unit: 'units', source: 'test' },
})
const cost = (stream: string, hours: number, takes: Record<string, number>, batch = 1): ReadingCost => ({
  ...{ stream, everyMs: hours * hour, batch, accountsPerRun: batch, takes, basis: 'card', runs: 0 },
})

suite('what fits', () => {
  const daily = quota('general', 10_000, { day: 'UTC' })
  const check = (
    name: string,
    quotas: Quota[],
    costs: ReadingCost[],
    plan: Partial<Plan>,
    expected: { most: number | null; minutes: number | null; binding?: string | null; fits?: boolean },
  ) =>
    test(name, () => {
      const found = capacity(quotas, costs, { profiles: 1, everyMs: null, ...plan }, now)
      assert.equal(found.mostProfiles, expected.most)
      assert.equal(found.shortestEveryMs, expected.minutes === null ? null : expected.minutes * minute)
      if (expected.binding !== undefined) assert.equal(found.binding?.id ?? null, expected.binding)
      if (expected.fits !== undefined) assert.equal(found.fits, expected.fits)
    })

  // Read every 22 hours, so that 24 hold 12 elevenths of a reading: 9,000 × 11 / 12 = 8,250.
  const single = [cost('videos', 24, { general: 1 })]
  check('one call a day', [daily], single, {}, { most: 8250, minutes: 1, binding: 'general', fits: true })
  check('in batches of fifty', [daily], [cost('channel', 24, { general: 0.02 }, 50)], {}, { most: 412_500, minutes: 1 })
  check('twice as often', [daily], single, { everyMs: 12 * hour }, { most: 4125, minutes: 1 })
  // 8,250 profiles are exactly full once a day, and 16,500 every second day.
  check('the shortest interval', [daily], single, { profiles: 16_500 }, { most: 8250, minutes: 48 * 60, fits: false })
  check(
    'a platform day may have 25 hours',
    [{ ...daily, window: { day: 'America/Los_Angeles' } }],
    single,
    {},
    { most: 7920, minutes: 1 },
  )
  const burst = quota('burst', 60, { rollingMs: 30_000 })
  check(
    'which of two is full first',
    [daily, burst],
    [cost('a', 1, { general: 0.01, burst: 1 })],
    {},
    { most: 5940, minutes: 1, binding: 'burst' },
  )
  check(
    'one stream more often, the others as they are',
    [daily],
    [...single, cost('channel', 24, { general: 1 })],
    { everyMs: 6 * hour, streams: ['channel'] },
    { most: 1650, minutes: 1 },
  )
  check(
    'where the others leave nothing, no interval helps',
    [daily],
    [...single, cost('channel', 24, { general: 1 })],
    { profiles: 9000, streams: ['channel'] },
    { most: 4125, minutes: null, fits: false },
  )
  check(
    'each account has its own',
    [quota('account', 10, { rollingMs: hour }, 'account')],
    [cost('a', 1, { account: 5 })],
    { profiles: 1e6 },
    { most: null, minutes: 37, fits: true },
  )
  check(
    'each account has its own, and too little',
    [quota('account', 10, { rollingMs: hour }, 'account')],
    [cost('a', 1, { account: 9 })],
    {},
    { most: 0, minutes: 66, fits: false },
  )
  check(
    'nothing is drawn',
    [daily],
    [cost('a', 1, { other: 1 })],
    {},
    { most: null, minutes: 1, binding: null, fits: true },
  )
  check(
    'what runs at once bounds no number',
    [quota('slots', 1, { concurrent: true })],
    [cost('a', 1, { slots: 1 })],
    { profiles: 1e6 },
    { most: null, minutes: 1, fits: true },
  )

  test('it is said in a sentence', () => {
    const { says } = capacity([daily], single, { profiles: 500, everyMs: 6 * hour }, now)
    assert.equal(
      says,
      '500 profiles, every stream every 6 hours: that fits. Up to 2,062 would fit; the quota “general” of 10,000 units a day is full first. The shortest interval for so many is 88 minutes.',
    )
  })
})

const windows = fc.oneof(
  fc.integer({ min: 1, max: 100_000 }).map((seconds) => ({ rollingMs: seconds * 1000 })),
  fc.constantFrom('UTC', 'America/Los_Angeles', 'Asia/Kathmandu').map((day) => ({ day })),
)
const someQuotas = fc
  .array(
    fc.record({
      limit: fc.integer({ min: 1, max: 100_000 }),
      window: windows,
      per: fc.constantFrom('app' as const, 'ip' as const, 'user' as const),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) => all.map(({ limit, window, per }, i) => quota(`q${i}`, limit, window, per)))
const someCosts = fc
  .array(
    fc.record({
      hours: fc.integer({ min: 1, max: 200 }),
      batch: fc.constantFrom(1, 1, 20, 50),
      q0: fc.double({ min: 0, max: 5, noNaN: true }),
      q1: fc.constantFrom(0, 1, 0.02),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) => all.map(({ hours, batch, q0, q1 }, i) => cost(`s${i}`, hours, { q0, q1 }, batch)))
const plans = fc.record({
  profiles: fc.integer({ min: 1, max: 1_000_000 }),
  everyMs: fc.option(fc.integer({ min: 1, max: 20_000 }).map((minutes) => minutes * minute)),
  streams: fc.option(fc.constant(['s0']), { nil: undefined }),
})
const always = (holds: (quotas: Quota[], costs: ReadingCost[], plan: Plan) => void) =>
  fc.assert(fc.property(someQuotas, someCosts, plans, holds), { numRuns: 500, seed: 20261128 })

suite('whatever the quotas, the costs and the plan', () => {
  test('more profiles never draw less, and a longer interval never draws more', () =>
    always((quotas, costs, plan) => {
      const draws = (some: Plan) => capacity(quotas, costs, some, now).quotas.map((one) => one.draws)
      const more = draws({ ...plan, profiles: plan.profiles + 7 })
      const rarer = plan.everyMs === null ? draws(plan) : draws({ ...plan, everyMs: plan.everyMs + 5 * minute })
      for (const [i, usual] of draws(plan).entries()) assert.ok(more[i]! >= usual && rarer[i]! <= usual)
    }))

  test('as many as fit stay under every limit, and one more does not', () =>
    always((quotas, costs, plan) => {
      const { mostProfiles } = capacity(quotas, costs, plan, now)
      const at = (profiles: number) => capacity(quotas, costs, { ...plan, profiles }, now)
      if (mostProfiles === null) assert.ok(at(1e9).fits)
      else {
        for (const { draws, usable, quota } of mostProfiles === 0 ? [] : at(mostProfiles).quotas)
          assert.ok(draws <= usable && usable < quota.limit)
        if (mostProfiles < 1e9) assert.ok(!at(mostProfiles + 1).fits)
      }
    }))

  test('the shortest interval fits, and a minute less does not', () =>
    always((quotas, costs, plan) => {
      const { shortestEveryMs } = capacity(quotas, costs, plan, now)
      const at = (everyMs: number) => capacity(quotas, costs, { ...plan, everyMs }, now)
      if (shortestEveryMs === null) assert.ok(!at(365 * 24 * hour).fits)
      else {
        assert.ok(at(shortestEveryMs).fits)
        if (shortestEveryMs > minute) assert.ok(!at(shortestEveryMs - minute).fits)
      }
    }))

  test('each is the other’s inverse', () =>
    always((quotas, costs, plan) => {
      const { mostProfiles } = capacity(quotas, costs, plan, now)
      if (plan.everyMs === null || mostProfiles === null || mostProfiles === 0) return
      const { shortestEveryMs } = capacity(quotas, costs, { ...plan, profiles: mostProfiles }, now)
      assert.ok(shortestEveryMs !== null && shortestEveryMs <= plan.everyMs)
    }))

  test('it fits where no quota says otherwise, and the fullest is named', () =>
    always((quotas, costs, plan) => {
      const { quotas: each, fits, binding } = capacity(quotas, costs, plan, now)
      assert.equal(
        fits,
        each.every(({ draws, usable }) => draws <= usable),
      )
      const shares = each.map(({ draws, usable }) => draws / usable)
      const named = each.find(({ quota: { id } }) => id === binding?.id)
      assert.equal(named ? named.draws / named.usable : 0, Math.max(...shares))
    }))
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addDays, daysBetween, type Observation } from '@patchbay/kit'
import fc from 'fast-check'
import { observed } from '../../ports/records.contract.ts'
import { firstDayOf, lastDayOf } from './periods.ts'
import type { MetricQuery } from './query.ts'
import { daily, openNumbers } from './test-numbers.ts'

// The clock stands at noon of Tuesday, 6 October 2026.
const views = { metrics: ['consumption.views_daily'] }
const weeks = { ...views, granularity: 'week' } as const

async function weekOf(rows: readonly Observation[], query: Partial<MetricQuery> = {}) {
  const { ask } = await openNumbers({ con_1: rows })
  return (await ask({ ...weeks, ...query })).points.at(-1)!
}

test('an incomplete week says which days are missing and why, and what the others come to', async () => {
  const rows = [...daily('2026-09-28', [1, 2]), ...daily('2026-10-01', [null, null, 5])]
  assert.partialDeepStrictEqual(await weekOf(rows), {
    value: null,
    reason: 'incomplete',
    final: false,
    coverage: {
      complete: false,
      valueDay: null,
      soFar: 8,
      missing: [
        { from: '2026-09-30', to: '2026-09-30', reason: 'not_read' },
        { from: '2026-10-01', to: '2026-10-02', reason: 'not_ready' },
        { from: '2026-10-04', to: '2026-10-04', reason: 'not_read' },
      ],
    },
  })
})

test('a day that goes on is missing, although it has a value already', async () => {
  const point = await weekOf(daily('2026-10-05', [1, 2]))
  assert.equal(point.value, null)
  assert.deepEqual(point.coverage!.missing, [{ from: '2026-10-06', to: '2026-10-11', reason: 'not_over' }])
  assert.equal(point.coverage!.soFar, 3)
})

test('F54: where a day goes on is for its zone to say', async () => {
  // Noon in UTC is the 7th already on Kiritimati.
  const zoned = (timezone: string) => weekOf(daily('2026-10-05', [1, 2], { timezone }))
  const missing = async (timezone: string) => (await zoned(timezone)).coverage!.missing[0]!.from
  assert.equal(await missing('Pacific/Kiritimati'), '2026-10-07')
  assert.equal(await missing('America/Los_Angeles'), '2026-10-06')
})

test('days without any value come to nothing, which is not 0', async () => {
  const point = await weekOf(daily('2026-09-28', [null, null]))
  assert.deepEqual([point.value, point.coverage!.soFar], [null, null])
  const zeros = await weekOf(daily('2026-09-28', [0, 0, 0, 0, 0, 0, 0]))
  assert.deepEqual([zeros.value, zeros.coverage!.soFar, zeros.coverage!.missing], [0, 0, []])
})

test('days of two zones do not make one week', async () => {
  const rows = [
    ...daily('2026-09-28', [1, 1, 1], { timezone: 'UTC' }),
    ...daily('2026-10-01', [1, 1, 1, 1], { timezone: 'Europe/Berlin' }),
  ]
  assert.partialDeepStrictEqual(await weekOf(rows), {
    value: null,
    reason: 'timezone_changed',
    coverage: { soFar: null },
  })
})

test('a state is what was known last, with its day; a null after it does not hide it', async () => {
  const hidden = observed(null, { day: '2026-10-02', reason: 'hidden' })
  const point = await weekOf([observed(10, { day: '2026-09-30' }), hidden], { metrics: ['audience.followers'] })
  assert.partialDeepStrictEqual(point, {
    value: 10,
    reason: null,
    provenance: 'measured',
    coverage: {
      complete: false,
      valueDay: '2026-09-30',
      missing: [
        { from: '2026-10-01', to: '2026-10-01', reason: 'not_read' },
        { from: '2026-10-02', to: '2026-10-02', reason: 'hidden' },
        { from: '2026-10-03', to: '2026-10-04', reason: 'not_read' },
      ],
    },
  })
})

test('a state of the last day is complete when the day is over, and one of a week that goes on is not final', async () => {
  const followers = { metrics: ['audience.followers'] }
  const whole = await weekOf([observed(10, { day: '2026-10-04' })], followers)
  assert.deepEqual([whole.coverage!.complete, whole.final], [true, true])
  const running = await weekOf([observed(10, { day: '2026-10-05' })], followers)
  assert.deepEqual([running.coverage!.complete, running.final, running.value], [false, false, 10])
})

test('weeks beside the weeks before', async () => {
  const { ask } = await openNumbers({ con_1: daily('2026-09-14', [...Array(7).fill(1), ...Array(7).fill(3)]) })
  const { points } = await ask({ ...weeks, compare: 'previous', from: '2026-09-23' })
  assert.equal(points.length, 1, 'the week before is read, and is no point of the answer')
  assert.deepEqual(points[0]!.comparison, {
    against: 'previous',
    day: '2026-09-14',
    value: 7,
    coverage: { complete: true, valueDay: null, soFar: 7, missing: [] },
    change: 14,
    ratio: 2,
    reason: null,
  })
})

test('a month beside the same month a year before, and a day beside its day', async () => {
  const { ask } = await openNumbers({
    con_1: [...daily('2025-09-01', Array(30).fill(4)), ...daily('2026-09-01', Array(30).fill(3))],
  })
  const year = { ...views, from: '2026-09-30', to: '2026-09-30', compare: 'year' } as const
  const [month] = (await ask({ ...year, granularity: 'month' })).points
  assert.partialDeepStrictEqual(month, {
    value: 90,
    comparison: { day: '2025-09-01', value: 120, change: -30, ratio: -0.25 },
  })
  const [day] = (await ask({ ...year, granularity: 'day' })).points
  assert.partialDeepStrictEqual(day, { value: 3, coverage: null, comparison: { day: '2025-09-30', change: -1 } })
})

const noChange = (what: string, rows: readonly Observation[], reason: string, query: Partial<MetricQuery> = {}) =>
  test(`there is no change ${what}: ${reason}`, async () => {
    const { comparison } = await weekOf(rows, { compare: 'previous', ...query })
    assert.deepEqual([comparison!.change, comparison!.ratio, comparison!.reason], [null, null, reason])
  })
const ones = Array(7).fill(1)
const followers = { metrics: ['audience.followers'] }
const money = (first: string, currency: string) =>
  daily(first, ones, { metric: 'revenue.estimated_daily', dimensions: { currency } })

noChange('from what is not there', daily('2026-09-28', ones), 'no_earlier_value')
noChange('of a week without a value', daily('2026-09-21', [...ones, 1, 1]), 'no_value')
noChange('from a week without a value', daily('2026-09-22', [1, 1, 1, 1, 1, 1, ...ones]), 'incomplete')
noChange(
  'across another rule',
  [...daily('2026-09-21', ones, { version: 'v1' }), ...daily('2026-09-28', ones, { version: 'v2' })],
  'definition_changed',
)
noChange(
  'of a state that was counted by another rule for a while',
  [
    observed(1, { day: '2025-09-29' }),
    observed(2, { day: '2026-03-01', version: 'v2' }),
    observed(3, { day: '2026-09-30' }),
  ],
  'definition_changed',
  { ...followers, compare: 'year', from: '2026-09-28' },
)
noChange(
  'across another zone',
  [...daily('2026-09-21', ones), ...daily('2026-09-28', ones, { timezone: 'Europe/Berlin' })],
  'timezone_changed',
)
noChange('across another currency', [...money('2026-09-21', 'EUR'), ...money('2026-09-28', 'USD')], 'unit_changed', {
  metrics: ['revenue.estimated_daily'],
})
noChange('from a day that there is not', [observed(1, { day: '2024-02-29' })], 'no_such_day', {
  ...followers,
  compare: 'year',
  granularity: 'day',
})

noChange('of an amount of a day that goes on', daily('2026-10-05', [900, 40]), 'not_over', { granularity: 'day' })
noChange(
  'of people of a day that goes on',
  daily('2026-10-05', [900, 40], { metric: 'engagement.reach_daily' }),
  'not_over',
  { granularity: 'day', metrics: ['engagement.reach_daily'] },
)

test('a state of a day that goes on compares, and so does an amount of a day that is over', async () => {
  const day = { granularity: 'day', compare: 'previous' } as const
  const states = [observed(1, { day: '2026-10-05' }), observed(4, { day: '2026-10-06' })]
  assert.equal((await weekOf(states, { ...day, ...followers })).comparison!.change, 3)
  assert.equal((await weekOf(daily('2026-10-04', [9, 4]), day)).comparison!.change, -5)
  // The 6th is over on Kiritimati, where it is the 7th.
  const zoned = daily('2026-10-05', [9, 4], { timezone: 'Pacific/Kiritimati' })
  assert.equal((await weekOf(zoned, day)).comparison!.change, -5)
})

test('a state compares across zones: it does not depend on when its day began', async () => {
  const rows = [observed(1, { day: '2026-09-27' }), observed(4, { day: '2026-10-04', timezone: 'Europe/Berlin' })]
  const { comparison } = await weekOf(rows, { ...followers, compare: 'previous' })
  assert.deepEqual([comparison!.change, comparison!.reason], [3, null])
})

test('of nothing there is a change, and no share of it; of places never a share', async () => {
  const rows = daily('2026-09-21', [0, 0, 0, 0, 0, 0, 0, ...ones])
  assert.partialDeepStrictEqual((await weekOf(rows, { compare: 'previous' })).comparison, { change: 7, ratio: null })
  const place = (day: string, value: number) => observed(value, { metric: 'standing.top_position', item: 'a', day })
  const { comparison } = await weekOf([place('2026-09-27', 4), place('2026-10-04', 2)], {
    metrics: ['standing.top_position'],
    item: 'a',
    compare: 'previous',
  })
  assert.partialDeepStrictEqual(comparison, { change: -2, ratio: null })
})

test('the latest value has nothing to be compared with', async () => {
  const { ask } = await openNumbers({})
  await assert.rejects(ask({ compare: 'previous' }), { code: 'input.invalid' })
})

test('a series that is cut is left out, and never shown as an incomplete one', async () => {
  const rows = daily('2026-08-31', [...ones, ...ones, ...ones, ...ones])
  const { ask } = await openNumbers({ con_1: rows, con_2: rows })
  const { points, truncated } = await ask({ ...weeks, limit: 5 })
  assert.deepEqual([points.map(({ value }) => value), truncated], [Array(5).fill(7), true])
  assert.equal((await ask({ ...weeks, limit: 8 })).truncated, false)
})

test('weeks of a series that is read in several steps are whole', async () => {
  const { ask } = await openNumbers({ con_1: daily('2012-01-02', Array(4_900).fill(1)) })
  const { points } = await ask({ ...weeks, compare: 'previous' })
  assert.equal(points.length, 700)
  assert.ok(points.every(({ value }) => value === 7))
  assert.ok(points.slice(1).every(({ comparison }) => comparison!.change === 0))
})

test('any walk gives the same weeks and months as adding the days by hand', async () => {
  const value = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 9 }) }, fc.constant(null))
  await fc.assert(
    fc.asyncProperty(
      fc.array(value, { minLength: 1, maxLength: 80, size: 'max' }),
      fc.integer({ min: 0, max: 60 }),
      fc.constantFrom('week' as const, 'month' as const),
      async (values, offset, granularity) => {
        const first = addDays('2026-05-01', offset)
        const { ask } = await openNumbers({ con_1: daily(first, values) })
        const { points } = await ask({ ...views, granularity })
        for (const { period, value, coverage } of points) {
          const days = daysBetween(period.day, lastDayOf(period.day, granularity)) + 1
          const found = Array.from({ length: days }, (_, i) => values[daysBetween(first, period.day) + i])
          const numbers = found.filter((one) => typeof one === 'number')
          const sum = numbers.reduce((total, one) => total + one, 0)
          assert.equal(value, numbers.length === days ? sum : null)
          assert.equal(coverage!.soFar, numbers.length === 0 ? null : sum)
          const missing = coverage!.missing.reduce((total, { from, to }) => total + daysBetween(from, to) + 1, 0)
          assert.equal(missing, days - numbers.length)
        }
        const periods = new Set(values.map((_, i) => firstDayOf(addDays(first, i), granularity)))
        assert.deepEqual(
          points.map(({ period }) => period.day),
          [...periods],
        )
      },
    ),
    { numRuns: 100 },
  )
})

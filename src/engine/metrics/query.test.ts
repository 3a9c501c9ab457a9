import assert from 'node:assert/strict'
import { test } from 'node:test'
import { observed } from '../../ports/records.contract.ts'
import { outcomeOf, slotOf } from '../../ports/schedule.contract.ts'
import type { MetricQuery } from './query.ts'
import { daily, now, openNumbers } from './test-numbers.ts'

test('a point says what it is, for when, and where it comes from', async () => {
  const views = observed(7, {
    metric: 'consumption.views_daily',
    day: '2026-10-05',
    timezone: 'America/Los_Angeles',
    native: 'views',
  })
  const { ask } = await openNumbers({ con_1: [views] })
  const { points, truncated } = await ask({})
  assert.equal(truncated, false)
  assert.deepEqual(points, [
    {
      connection: 'con_1',
      item: null,
      metric: 'consumption.views_daily',
      value: 7,
      reason: null,
      unit: 'count',
      kind: 'delta',
      dimensions: {},
      period: {
        day: '2026-10-05',
        start: Date.parse('2026-10-05T07:00:00Z'),
        end: Date.parse('2026-10-06T07:00:00Z'),
        timezone: 'America/Los_Angeles',
        granularity: 'day',
      },
      asOf: Date.parse('2026-10-06T07:00:00Z'),
      fetchedAt: now,
      provenance: 'measured',
      final: false,
      version: null,
      coverage: null,
      comparison: null,
      source: { provider: 'alpha', native: 'views', stream: 'channel', run: 'run_1' },
    },
  ])
})

test('platforms stand beside each other and are never added', async () => {
  const { ask } = await openNumbers({ con_1: [observed(100)], con_2: [observed(50)] })
  const { points } = await ask({ metrics: ['audience.followers'] })
  assert.deepEqual(
    points.map(({ connection, value, source }) => [connection, value, source.provider]),
    [
      ['con_1', 100, 'alpha'],
      ['con_2', 50, 'beta'],
    ],
  )
})

test('a whole week of a daily amount is its sum, and is derived', async () => {
  const { ask } = await openNumbers({ con_1: daily('2026-09-28', [1, 2, 3, 4, 5, 6, 7]) })
  const { points } = await ask({ metrics: ['consumption.views_daily'], granularity: 'week' })
  assert.partialDeepStrictEqual(points, [
    { value: 28, reason: null, provenance: 'derived', period: { day: '2026-09-28', granularity: 'week' } },
  ])
})

test('a week with a day missing, without value, or counted by another rule is no sum', async () => {
  const { ask } = await openNumbers({
    con_1: daily('2026-09-28', [1, 2, 3, 4, 5, 6]),
    con_2: [
      ...daily('2026-09-21', [1, 2, 3, null, 5, 6, 7]),
      ...daily('2026-09-28', [1, 2, 3], { version: 'v1' }),
      ...daily('2026-10-01', [4, 5, 6, 7], { version: 'v2' }),
    ],
  })
  const { points } = await ask({ metrics: ['consumption.views_daily'], granularity: 'week' })
  assert.deepEqual(
    points.map(({ connection, value, reason }) => [connection, value, reason]),
    [
      ['con_1', null, 'incomplete'],
      ['con_2', null, 'incomplete'],
      ['con_2', null, 'definition_changed'],
    ],
  )
})

test('a month that is asked for in part is read whole', async () => {
  const { ask } = await openNumbers({
    con_1: daily(
      '2026-09-01',
      Array.from({ length: 30 }, () => 2),
    ),
  })
  const { points } = await ask({
    metrics: ['consumption.views_daily'],
    granularity: 'month',
    from: '2026-09-10',
    to: '2026-09-12',
  })
  assert.partialDeepStrictEqual(points, [
    { value: 60, period: { day: '2026-09-01', end: Date.parse('2026-10-01T00:00:00Z') } },
  ])
})

test('a month in which a clock changes has its own length', async () => {
  const berlin = daily('2026-10-01', [1], { timezone: 'Europe/Berlin' })
  const { ask } = await openNumbers({ con_1: berlin })
  const { points } = await ask({ metrics: ['consumption.views_daily'], granularity: 'month' })
  assert.equal((points[0]!.period.end - points[0]!.period.start) / 3_600_000, 31 * 24 + 1)
})

test('a week of a state is its last day', async () => {
  const { ask } = await openNumbers({
    con_1: [observed(10, { day: '2026-09-28' }), observed(12, { day: '2026-09-30' })],
  })
  const { points } = await ask({ metrics: ['audience.followers'], granularity: 'week' })
  assert.partialDeepStrictEqual(points, [{ value: 12, provenance: 'measured' }])
})

for (const metric of [
  'audience.monthly_listeners',
  'audience.daily_listeners',
  'engagement.reach_daily',
  'engagement.accounts_engaged_daily',
])
  test(`weeks of ${metric} are refused: people cannot be added up`, async () => {
    const { ask } = await openNumbers({})
    await assert.rejects(ask({ metrics: [metric], granularity: 'week' }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'input.invalid')
      assert.match(
        error.message,
        /cannot be added to a week\. Ask for days(\.|: each one already covers the 28 days before its end\.)$/,
      )
      return true
    })
    assert.deepEqual((await ask({ metrics: [metric], granularity: 'day' })).points, [])
  })

test('weeks of everything are refused, and so is an end before its start', async () => {
  const { ask } = await openNumbers({})
  await assert.rejects(ask({ granularity: 'month' }), { code: 'input.invalid' })
  await assert.rejects(ask({ from: '2026-10-02', to: '2026-10-01' }), { code: 'input.invalid' })
})

test('the newest value is found however old it is, metric by metric', async () => {
  const { ask } = await openNumbers({
    con_1: [observed(1, { day: '2026-10-01' }), observed(9, { metric: 'catalogue.tracks', day: '2020-01-01' })],
    con_2: [observed(5, { day: '2021-01-01' })],
  })
  const values = async (query: Partial<MetricQuery>) =>
    (await ask(query)).points.map(({ connection, metric, value }) => `${connection} ${metric} ${value}`)
  assert.deepEqual(await values({}), ['con_1 audience.followers 1', 'con_2 audience.followers 5'])
  assert.deepEqual(await values({ metrics: ['audience.followers', 'catalogue.tracks'] }), [
    'con_1 audience.followers 1',
    'con_1 catalogue.tracks 9',
    'con_2 audience.followers 5',
  ])
  assert.deepEqual(await values({ to: '2026-09-30' }), ['con_1 catalogue.tracks 9', 'con_2 audience.followers 5'])
})

test('a number comes before those that it is split into, also where another one is looked for in all of history', async () => {
  const views = { metric: 'consumption.views_daily', day: '2026-10-01' } as const
  const { ask } = await openNumbers({
    con_1: [observed(9, { metric: 'catalogue.tracks', day: '2020-01-01' }), observed(7, views)],
    con_2: [observed(5, views), observed(2, { ...views, dimensions: { country: 'FR' } })],
  })
  const values = async (metrics: readonly string[]) => (await ask({ metrics })).points.map(({ value }) => value)
  assert.deepEqual(await values(['consumption.views_daily']), [7, 5, 2])
  assert.deepEqual(await values(['consumption.views_daily', 'catalogue.tracks']), [9, 7, 5, 2])
})

test('what is more than asked for is cut, and said to be', async () => {
  const { ask } = await openNumbers({ con_1: daily('2026-09-01', [1, 2, 3]) })
  const { points, truncated } = await ask({ granularity: 'day', limit: 2 })
  assert.deepEqual([points.length, truncated], [2, true])
})

test('a number that a later reading of the day left as it was is as fresh as that reading', async () => {
  const { ask, schedule } = await openNumbers(
    {
      con_1: [
        observed(1, { day: '2026-10-06' }),
        observed(2, { day: '2026-10-05' }),
        observed(3, { day: '2026-10-06', item: 'a' }),
      ],
    },
    { readAt: now - 3_600_000 },
  )
  await schedule.put('env_1', [slotOf({ dueAt: now })])
  await schedule.claim({ now, until: now + 1, claim: 'clm_1', limit: 1 })
  await schedule.finish('env_1', 'clm_1', [outcomeOf({ endedAt: now - 60_000 })])
  const { points } = await ask({ granularity: 'day' })
  assert.deepEqual(
    points.map(({ fetchedAt, asOf }) => [fetchedAt, asOf]),
    [
      [now - 3_600_000, Date.parse('2026-10-06T00:00:00Z')],
      [now - 60_000, now - 60_000],
    ],
  )
  const [item] = (await ask({ granularity: 'day', item: 'a' })).points
  assert.equal(item!.fetchedAt, now - 3_600_000)
})

test('a state of a day that is over is final, whatever the provider marked', async () => {
  const { ask } = await openNumbers({
    con_1: [observed(1, { day: '2026-10-05' }), observed(2, { day: '2026-10-06' }), ...daily('2026-10-05', [1])],
  })
  const { points } = await ask({ granularity: 'day' })
  assert.deepEqual(
    points.map(({ metric, period, final }) => [metric, period.day, final]),
    [
      ['audience.followers', '2026-10-05', true],
      ['audience.followers', '2026-10-06', false],
      ['consumption.views_daily', '2026-10-05', false],
    ],
  )
})

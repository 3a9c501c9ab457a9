import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metrics, type Observation, type Provider } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import { observed } from '../../ports/records.contract.ts'
import { slotOf } from '../../ports/schedule.contract.ts'
import { catalogOnly } from '../definitions/providers.ts'
import { connection, daily, now, openNumbers } from './test-numbers.ts'
import { queryTotals } from './totals.ts'

const called = (id: string, streams: object) => ({ id, streams }) as Provider
const every = { channel: { metrics: Object.keys(metrics) } }
const setting = {
  providers: catalogOnly([called('alpha', every), called('beta', every), called('bare', {})]),
  publicUrl: '',
}

/** Accounts by their connection's id; each is read, and gives every metric unless it is on `bare`. */
async function openAccounts(
  rows: Record<string, readonly Observation[]>,
  on: Record<string, string>,
  more: Partial<Connection> = {},
) {
  const { deps, schedule } = await openNumbers(rows)
  const connections = Object.entries(on).map(
    ([id, provider]): Connection => ({
      ...connection(id, provider),
      account: { id, name: id, kind: 'channel' },
      state: 'healthy',
      ...more,
    }),
  )
  await schedule.put(
    'env_1',
    connections.map(({ id }) => slotOf({ connectionId: id, dueAt: now })),
  )
  return (query: Partial<Parameters<typeof queryTotals>[3]>) =>
    queryTotals(deps, setting, 'env_1', { connections, metrics: ['engagement.likes'], granularity: 'latest', ...query })
}

const likes = (value: number | null, more: Partial<Observation> = {}) =>
  observed(value, { metric: 'engagement.likes', ...more })

test('likes of several platforms are one number, with every part of it', async () => {
  const ask = await openAccounts(
    { con_1: [likes(10)], con_2: [likes(5, { day: '2026-10-04', timezone: 'America/Los_Angeles' })] },
    { con_1: 'alpha', con_2: 'beta', con_3: 'bare' },
  )
  assert.deepEqual(await ask({}), [
    {
      metric: 'engagement.likes',
      unit: 'count',
      dimensions: {},
      value: 15,
      known: 15,
      reason: null,
      day: null,
      timezones: ['America/Los_Angeles', 'UTC'],
      parts: [
        { connection: 'con_1', provider: 'alpha', day: '2026-10-05', value: 10, reason: null, version: null },
        { connection: 'con_2', provider: 'beta', day: '2026-10-04', value: 5, reason: null, version: null },
      ],
    },
  ])
})

test('a part that is missing makes the total null, and hides none of the others', async () => {
  const ask = await openAccounts(
    { con_1: [likes(10)], con_2: [likes(null, { reason: 'hidden' })] },
    { con_1: 'alpha', con_2: 'alpha', con_3: 'alpha' },
  )
  const [total] = await ask({})
  assert.partialDeepStrictEqual(total, { value: null, known: 10, reason: 'incomplete' })
  assert.deepEqual(
    total!.parts.map(({ value, reason }) => [value, reason]),
    [
      [10, null],
      [null, 'hidden'],
      [null, 'not_read'],
    ],
  )
})

test('weeks are added account by account, and only whole ones', async () => {
  const week = (values: number[]) => daily('2026-09-28', values, { metric: 'engagement.likes_daily' })
  const ask = await openAccounts(
    { con_1: week([1, 1, 1, 1, 1, 1, 1]), con_2: week([2, 2, 2]) },
    { con_1: 'alpha', con_2: 'beta' },
  )
  const metrics = ['engagement.likes_daily']
  assert.partialDeepStrictEqual(await ask({ metrics, granularity: 'week' }), [
    { day: '2026-09-28', value: null, known: 7, reason: 'incomplete' },
  ])
  const days = await ask({ metrics, granularity: 'day' })
  assert.deepEqual(
    days.map(({ value }) => value),
    [3, 3, 3, null, null, null, null],
  )
})

for (const [metric, accounts, why] of [
  ['audience.followers', { con_1: 'alpha', con_2: 'beta' }, /different people or accounts, and who is on two of them/],
  ['audience.followers', { con_1: 'alpha', con_2: 'alpha' }, /Take the number of each account/],
  ['engagement.reach', { con_1: 'alpha', con_2: 'alpha' }, /counted twice/],
  ['engagement.reach_daily', { con_1: 'alpha', con_2: 'beta' }, /counted twice/],
  ['standing.top_position', { con_1: 'alpha', con_2: 'alpha' }, /places cannot be added/],
  ['standing.popularity_index', { con_1: 'alpha', con_2: 'alpha' }, /a score on the platform’s own scale/],
  ['catalogue.tracks', { con_1: 'alpha', con_2: 'beta' }, /the same thing may be on several accounts/],
  ['consumption.views_daily', { con_1: 'alpha', con_2: 'beta' }, /each platform’s own rule.*accounts of one platform/],
] as const)
  test(`${metric} of ${Object.values(accounts).join(' and ')} are not added, and the refusal says what can be had`, async () => {
    const ask = await openAccounts({}, accounts)
    await assert.rejects(ask({ metrics: [metric] }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'input.invalid')
      assert.match(error.message, why)
      return true
    })
  })

test('views of two accounts of one platform are added, also beside a platform that has none', async () => {
  const views = (value: number) => observed(value, { metric: 'consumption.views' })
  const ask = await openAccounts(
    { con_1: [views(1)], con_2: [views(2)] },
    { con_1: 'alpha', con_2: 'alpha', con_3: 'bare' },
  )
  assert.equal((await ask({ metrics: ['consumption.views'] }))[0]!.value, 3)
})

test('amounts of different days, and what one platform counted by two rules, are not one amount', async () => {
  const amount = (day: string) => observed(1, { metric: 'engagement.likes_daily', day })
  const accounts = { con_1: 'alpha', con_2: 'alpha' }
  const ask = await openAccounts({ con_1: [amount('2026-10-04')], con_2: [amount('2026-10-03')] }, accounts)
  assert.partialDeepStrictEqual(await ask({ metrics: ['engagement.likes_daily'] }), [
    { value: null, known: null, reason: 'different_days' },
  ])
  const rules = await openAccounts(
    { con_1: [likes(1, { version: 'v1' })], con_2: [likes(1, { version: 'v2' })] },
    accounts,
  )
  assert.partialDeepStrictEqual(await rules({}), [{ value: null, known: null, reason: 'definition_changed' }])
})

test('an account that is connected twice is counted once', async () => {
  const same = { account: { id: 'same', name: 'Same', kind: 'channel' as const } }
  const ask = await openAccounts({ con_1: [likes(10)], con_2: [likes(10)] }, { con_1: 'alpha', con_2: 'alpha' }, same)
  assert.partialDeepStrictEqual(await ask({}), [{ value: 10, parts: [{ connection: 'con_1' }] }])
})

test('of an account that is connected twice the connection counts that gives the metric', async () => {
  const same = { account: { id: 'same', name: 'Same', kind: 'channel' as const } }
  const { deps, schedule } = await openNumbers({ con_2: [likes(10)], con_3: [likes(5)] })
  const accounts = ['con_1', 'con_2', 'con_3'].map(
    (id): Connection => ({
      ...{ ...connection(id, 'alpha'), state: 'healthy' },
      account: id === 'con_3' ? { ...same.account, id } : same.account,
    }),
  )
  // The consent of the first covers nothing that has likes.
  const slots = accounts.map(({ id }) => slotOf({ connectionId: id, dueAt: now, stream: 'channel' }))
  const asked = { connections: accounts, metrics: ['engagement.likes'], granularity: 'latest' } as const
  const check = async () =>
    assert.partialDeepStrictEqual(await queryTotals(deps, setting, 'env_1', asked), [
      { value: 15, parts: [{ connection: 'con_2' }, { connection: 'con_3' }] },
    ])
  await schedule.put('env_1', slots.slice(1))
  await check()
  await schedule.put('env_1', [{ ...slots[0]!, blocked: 'missing_scope' }])
  await check()
})

test('money of an account that was not read is missing in every currency', async () => {
  const money = (value: number, currency: string) =>
    observed(value, { metric: 'revenue.estimated_daily', dimensions: { currency } })
  const ask = await openAccounts(
    { con_1: [money(1, 'EUR')], con_2: [money(4, 'USD')] },
    { con_1: 'alpha', con_2: 'alpha', con_3: 'alpha' },
  )
  assert.partialDeepStrictEqual(await ask({ metrics: ['revenue.estimated_daily'] }), [
    { dimensions: { currency: 'EUR' }, value: null, known: 1, reason: 'incomplete' },
    { dimensions: { currency: 'USD' }, value: null, known: 4, reason: 'incomplete' },
  ])
})

test('F55: money is added by currency, and groups of a breakdown are not added', async () => {
  const money = (value: number, dimensions: Record<string, string>) =>
    observed(value, { metric: 'revenue.estimated_daily', dimensions })
  const ask = await openAccounts(
    {
      con_1: [money(1, { currency: 'EUR' }), money(5, { country: 'FR' })],
      con_2: [money(2, { currency: 'EUR' }), money(4, { currency: 'USD' })],
    },
    { con_1: 'alpha', con_2: 'beta' },
  )
  const totals = await ask({ metrics: ['revenue.estimated_daily'] })
  assert.deepEqual(
    totals.map(({ dimensions, value }) => [dimensions.currency, value]),
    [
      ['EUR', 3],
      ['USD', 4],
    ],
  )
})

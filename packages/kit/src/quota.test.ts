import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { calendarAround, limitedBy, openCosts, parseLimit, type Quota, unitOfQuota } from './quota.ts'

suite('a month', () => {
  const check = (zone: string, now: string, startsAt: string, endsAt: string) =>
    test(`${now} in ${zone}`, () => {
      const window = calendarAround({ zone, span: 'month' }, Date.parse(now))
      assert.deepEqual(
        [window.startsAt, window.endsAt].map((at) => new Date(at).toISOString()),
        [startsAt, endsAt],
      )
    })
  check('UTC', '2026-02-28T23:59:59.999Z', '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z')
  check('UTC', '2026-03-01T00:00:00Z', '2026-03-01T00:00:00.000Z', '2026-04-01T00:00:00.000Z')
  check('UTC', '2028-02-29T12:00:00Z', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z')
  check('UTC', '2026-12-31T23:00:00Z', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z')
  // The clocks are changed within it: an hour less, and an hour more.
  check('America/Los_Angeles', '2026-03-01T07:59:59Z', '2026-02-01T08:00:00.000Z', '2026-03-01T08:00:00.000Z')
  check('America/Los_Angeles', '2026-03-01T08:00:00Z', '2026-03-01T08:00:00.000Z', '2026-04-01T07:00:00.000Z')
  check('America/Los_Angeles', '2026-11-15T00:00:00Z', '2026-11-01T07:00:00.000Z', '2026-12-01T08:00:00.000Z')
})

const budget: Quota = {
  ...{ id: 'spend', per: 'app', limit: 50, limitSetting: 'budget', window: { month: 'UTC' }, currency: 'USD' },
  source: 'test',
}

test('the owner’s limit holds where there is one, and what is none leaves nothing', () => {
  const limits: Record<string, string>[] = [
    {},
    { budget: '' },
    { budget: '12.5' },
    { budget: '0' },
    { budget: 'a lot' },
    { budget: '-3' },
  ]
  assert.deepEqual(
    limits.map((settings) => limitedBy(budget, settings).limit),
    [50, 50, 12.5, 0, 0, 0],
  )
  const fixed = { ...budget, limitSetting: undefined }
  assert.equal(limitedBy(fixed, { budget: '1' }), fixed)
})

test('a limit is a plain number', () => {
  assert.deepEqual(['7', ' 7.25 ', '0'].map(parseLimit), [7, 7.25, 0])
  for (const wrong of ['', '7,5', '1e9', '-1', '+1', '0x10', 'NaN', '1.0000001', '1234567890123'])
    assert.equal(parseLimit(wrong), null, wrong)
})

test('prices are costs, and money is called by its currency', () => {
  const costs = [{ call: 'GET api.example/2/posts', takes: { spend: 0.005 } }]
  const cost = openCosts({ quotas: [budget], costs })
  assert.deepEqual(cost('GET', 'api.example/2/posts', {}), { spend: 0.005 })
  assert.deepEqual(cost('GET', 'api.example/2/users', {}), {})
  assert.deepEqual([unitOfQuota(budget), unitOfQuota({ unit: 'units' }), unitOfQuota({})], ['USD', 'units', 'calls'])
})

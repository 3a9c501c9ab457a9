import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cost, Quota } from '@patchbay/kit'
import fc from 'fast-check'
import { QuotaMeter } from './quota-meter.ts'
import { openTestSandbox } from './test-provider.ts'

const source = 'made up'
const rolling: Quota = { id: 'general', per: 'app', limit: 5, window: { rollingMs: 30_000 }, source }
const day: Quota = { id: 'daily', per: 'app', limit: 2, window: { day: 'America/Los_Angeles' }, source }
const by = { app: 'a', user: 'u', account: 'x', settings: {} }

/** Sends calls at those times to a meter and tells what became of each. */
function send(quotas: Quota[], times: (number | string)[], costs: Cost[] = []) {
  const meter = new QuotaMeter(quotas, costs)
  return times.map((time) => {
    const admission = meter.admit(
      meter.takes({ method: 'GET', place: 'api.tuneful.example/v1/me' }, by),
      typeof time === 'number' ? time : Date.parse(time),
    )
    return admission.admitted ? 'in' : `${admission.quota} ${admission.waitMs}`
  })
}

test('a rolling window is exact to the millisecond, and says how long until there is room', () => {
  assert.deepEqual(send([rolling], [0, 10, 20, 30, 40, 50, 29_999, 30_000, 30_001]), [
    ...['in', 'in', 'in', 'in', 'in'],
    ...['general 29950', 'general 1', 'in', 'general 9'],
  ])
})

test('no window of that length ever holds more than the limit, wherever it begins', () => {
  const gaps = fc.array(fc.nat(20_000), { minLength: 20, maxLength: 200 })
  fc.assert(
    fc.property(gaps, (list) => {
      const meter = new QuotaMeter([rolling])
      const admitted: number[] = []
      let now = 0
      for (const gap of list) {
        now += gap
        const admission = meter.admit(meter.takes({ method: 'GET', place: 'x/y' }, by), now)
        if (admission.admitted) admitted.push(now)
        else assert.ok(meter.admit(meter.takes({ method: 'GET', place: 'x/y' }, by), now).admitted === false)
        assert.ok(admitted.filter((at) => at > now - 30_000).length <= 5)
      }
    }),
  )
})

test('after the named wait there is room, and a millisecond earlier there is none', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9_000), { minLength: 6, maxLength: 60 }), (gaps) => {
      const meter = new QuotaMeter([rolling])
      const takes = meter.takes({ method: 'GET', place: 'x/y' }, by)
      let now = 0
      for (const gap of gaps) {
        now += gap
        const admission = meter.admit(takes, now)
        if (admission.admitted) continue
        assert.equal(meter.admit(takes, now + admission.waitMs - 1).admitted, false)
        now += admission.waitMs
        assert.equal(meter.admit(takes, now).admitted, true)
      }
    }),
  )
})

test('a month is the calendar’s, and its limit is what the app’s settings say', () => {
  const spend: Quota = { id: 'spend', per: 'app', limit: 9, limitSetting: 'budget', window: { month: 'UTC' }, source }
  const meter = new QuotaMeter([spend])
  const takes = meter.takes({ method: 'GET', place: 'x/y' }, { ...by, settings: { budget: '1' } })
  const sent = ['2026-02-01T00:00:00Z', '2026-02-28T23:59:59Z', '2026-03-01T00:00:00Z'].map((time) => {
    const admission = meter.admit(takes, Date.parse(time))
    return admission.admitted ? 'in' : admission.waitMs
  })
  assert.deepEqual(sent, ['in', 1000, 'in'])
})

test('a quota day is 23 hours long when the clocks go forward, and 25 when they go back', () => {
  // In California on 2026-03-08 and 2026-11-01.
  assert.deepEqual(
    send(
      [day],
      [
        '2026-03-08T07:59:59Z',
        '2026-03-08T08:00:00Z',
        '2026-03-08T08:00:01Z',
        '2026-03-08T08:00:02Z',
        '2026-03-09T06:59:59Z',
        '2026-03-09T07:00:00Z',
      ],
    ),
    ['in', 'in', 'in', `daily ${23 * 3_600_000 - 2000}`, 'daily 1000', 'in'],
  )
  assert.deepEqual(
    send(
      [day],
      [
        '2026-11-01T06:59:59Z',
        '2026-11-01T07:00:00Z',
        '2026-11-01T07:00:01Z',
        '2026-11-01T07:00:02Z',
        '2026-11-02T07:59:59Z',
        '2026-11-02T08:00:00Z',
      ],
    ),
    ['in', 'in', 'in', `daily ${25 * 3_600_000 - 2000}`, 'daily 1000', 'in'],
  )
})

test('of several quotas either all are taken or none', () => {
  const hour: Quota = { ...rolling, id: 'hour', limit: 1, window: { rollingMs: 3_600_000 } }
  const meter = new QuotaMeter([rolling, hour])
  const takes = meter.takes({ method: 'GET', place: 'x/y' }, by)
  for (let call = 0; call < 10; call++) meter.admit(takes, call)
  assert.deepEqual(meter.used(takes, 10), { general: 0.2, hour: 1 })
})

test('calls at once are counted until they are answered', () => {
  const meter = new QuotaMeter([{ ...rolling, limit: 1, window: { concurrent: true } }])
  const takes = meter.takes({ method: 'GET', place: 'x/y' }, by)
  const first = meter.admit(takes, 0)
  assert.equal(meter.admit(takes, 1).admitted, false)
  if (first.admitted) first.release()
  assert.equal(meter.admit(takes, 2).admitted, true)
})

test('the first cost rule that fits decides; without one the usual quotas take 1', () => {
  const search: Quota = { ...rolling, id: 'search', limit: 100 }
  const costs: Cost[] = [
    { call: 'GET api.tuneful.example/v1/videos:search', takes: { search: 1 } },
    { call: 'GET api.tuneful.example/v1/free/{id}', takes: {} },
    { call: 'POST api.tuneful.example/', takes: { general: 3 } },
  ]
  const meter = new QuotaMeter([rolling, search], costs)
  const takes = (method: string, path: string) =>
    Object.fromEntries(
      meter.takes({ method, place: `api.tuneful.example${path}` }, by).map(({ quota, amount }) => [quota.id, amount]),
    )
  assert.deepEqual(takes('GET', '/v1/videos'), { general: 1 })
  assert.deepEqual(takes('GET', '/v1/videos:search'), { search: 1 })
  assert.deepEqual(takes('GET', '/v1/videos:searching'), { general: 1 })
  assert.deepEqual(takes('GET', '/v1/free/7/more'), {})
  assert.deepEqual(takes('POST', '/v1/anything'), { general: 3 })
})

test('a quota holds only under its settings, and each account has its own bucket', () => {
  const meter = new QuotaMeter([{ ...rolling, per: 'account', limit: 1, when: { mode: 'small' } }])
  const takes = (account: string | null, mode: string) =>
    meter.takes({ method: 'GET', place: 'x/y' }, { ...by, account, settings: { mode } })
  assert.deepEqual(takes('one', 'large'), [])
  assert.deepEqual(takes(null, 'small'), [])
  assert.equal(meter.admit(takes('one', 'small'), 0).admitted, true)
  assert.equal(meter.admit(takes('one', 'small'), 1).admitted, false)
  assert.equal(meter.admit(takes('two', 'small'), 2).admitted, true)
})

test('the provider refuses in its own words, and the overrun and what came too soon are in the ledger', async () => {
  const { connect, get, sandbox, clock } = openTestSandbox()
  const { access_token } = await connect()
  for (let call = 0; call < 5; call++) assert.equal((await get('/me', access_token)).status, 200)
  const refused = await get('/me', access_token)
  assert.deepEqual([refused.status, refused.json, refused.headers['retry-after']], [429, { error: 'general' }, '30'])
  clock.advance(29_000)
  await get('/me', access_token)
  assert.deepEqual(
    sandbox.ledger.violations.map(({ kind, detail }) => [kind, detail.earlyByMs ?? detail.waitMs]),
    [
      ['quota_overrun', 30_000],
      ['too_soon', 1000],
      ['quota_overrun', 1000],
    ],
  )
  clock.advance(1000)
  assert.equal((await get('/me', access_token)).status, 200)
})

test('a quota can be shrunk for a run', async () => {
  const { connect, get, sandbox } = openTestSandbox()
  sandbox.quotas.change('tuneful', 'general', 1)
  const { access_token } = await connect()
  assert.equal((await get('/me', access_token)).status, 200)
  assert.equal((await get('/me', access_token)).status, 429)
  assert.throws(() => sandbox.quotas.change('tuneful', 'nothing', 1), /there are: general, daily/)
})

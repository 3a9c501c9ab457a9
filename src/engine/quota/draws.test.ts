import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Cost, Provider, Quota } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { Target } from '../http/target.ts'
import { testProvider, testTarget } from '../http/test-provider.ts'
import { drawsAt, sparingDraws, takesOf, windowAt } from './draws.ts'

const quota = (id: string, more: Partial<Quota> = {}): Quota => ({
  ...{ id, per: 'app', limit: 100, window: { rollingMs: 1000 }, source: 'test' },
  ...more,
})

suite('F37: what a call takes', () => {
  const quotas = [quota('general'), quota('search'), quota('burst')]
  const costs: Cost[] = [
    { call: 'GET api.acme.example/v1/search', takes: { search: 100 } },
    { call: 'GET api.acme.example/v1/artists/{id}/albums', takes: { general: 1, search: 1 } },
    { call: 'POST api.acme.example/', takes: { general: 50 } },
    { call: '* api.acme.example/v1/free', takes: {} },
  ]
  const check = (call: string, expected: Record<string, number>) =>
    test(call, () => {
      const [method, address] = call.split(' ')
      const target = testTarget(testProvider({ quotas, costs }))
      const takes = takesOf({ target, method: method!, place: address!.replace(/\?.*/, ''), as: 'account' })
      assert.deepEqual(Object.fromEntries(takes.map(({ quota: { id }, amount }) => [id, amount])), expected)
    })

  check('GET api.acme.example/v1/me', { general: 1, burst: 1 })
  check('GET api.acme.example/v1/search?q=x', { search: 100 })
  check('GET api.acme.example/v1/search/more', { search: 100 })
  check('GET api.acme.example/v1/searching', { general: 1, burst: 1 })
  check('GET other.example/v1/search', { general: 1, burst: 1 })
  check('POST api.acme.example/v1/search', { general: 50 })
  check('GET api.acme.example/v1/artists/7/albums', { general: 1, search: 1 })
  check('GET api.acme.example/v1/artists/7/8/albums', { general: 1, burst: 1 })
  check('GET api.acme.example/v1/artists/albums', { general: 1, burst: 1 })
  check('DELETE api.acme.example/v1/free/x', {})
})

suite('what a reading that spares a limit draws besides', () => {
  const check = (limit: number, window: Quota['window'], spares: Target['spares'], expected: number | null) =>
    test(`${limit} ${JSON.stringify(window)}, ${spares}`, () => {
      const target = testTarget(testProvider({ quotas: [quota('q', { limit, window })] }), { spares })
      const takes = takesOf({ target, method: 'GET', place: 'api.acme.example/v1/x', as: 'account' })
      const [draw, ...more] = sparingDraws(takes, target)
      assert.deepEqual(
        [draw?.limit ?? null, draw?.bucket ?? null, more.length],
        [expected, expected && 'acme/int_1/q/sparing', 0],
      )
      // The limiter keeps the last tenth of every bucket for people, so it is never more than a tenth that is used.
      if (draw) assert.ok(draw.limit * 0.9 <= limit / 10)
    })

  check(60, { rollingMs: 30_000 }, 'always', 6)
  check(20_000, { rollingMs: 3_600_000 }, 'always', 2222)
  check(60, { rollingMs: 30_000 }, null, null)
  check(10_000, { day: 'UTC' }, 'always', null)
  check(9, { rollingMs: 30_000 }, 'always', null)
  check(10, { concurrent: true }, 'always', null)
})

suite('F39: whose bucket', () => {
  const connection = (id: string) => ({ account: { id, name: 'A', kind: 'page' } }) as unknown as Connection
  const check = (per: Quota['per'], as: 'account' | 'app', more: Partial<Target>, expected: string | null) =>
    test(`${per}, ${as}, ${JSON.stringify(more)}`, () => {
      const target = testTarget(testProvider({ quotas: [quota('q', { per })] }), more)
      const takes = takesOf({ target, method: 'GET', place: 'api.acme.example/v1/x', as })
      assert.equal(takes[0]?.bucket ?? null, expected)
    })

  check('app', 'account', {}, 'acme/int_1/q')
  check('app', 'app', {}, 'acme/int_1/q')
  check('user', 'account', {}, 'acme/int_1/grt_1/q')
  check('user', 'app', {}, null)
  check('user', 'account', { grantId: null }, null)
  check('account', 'account', { connection: connection('UC1') }, 'acme/int_1/UC1/q')
  check('account', 'account', { connection: connection('accounts/1 2') }, 'acme/int_1/accounts%2F1%202/q')
  check('account', 'account', {}, 'acme/int_1/grt_1/q')
  check('ip', 'app', {}, 'acme/ip-test/q')
})

suite('which quotas hold', () => {
  const settings = { mode: { label: 'Mode', initial: 'dev' } }
  const check = (
    own: Record<string, string>,
    when: Record<string, string> | undefined,
    expected: boolean,
    more: Partial<Provider> = { settings },
  ) =>
    test(`${JSON.stringify(own)} under ${JSON.stringify(when)}`, () => {
      const target = testTarget(testProvider({ quotas: [quota('q', { when })] }, more))
      const integration = { ...target.integration, settings: own }
      const takes = takesOf({
        target: { ...target, integration },
        method: 'GET',
        place: 'api.acme.example/v1/x',
        as: 'account',
      })
      assert.equal(takes.length === 1, expected)
    })

  check({}, undefined, true)
  check({ mode: 'dev' }, { mode: 'dev' }, true)
  check({ mode: 'extended' }, { mode: 'dev' }, false)
  check({}, { mode: 'dev' }, true)
  check({}, { mode: 'extended' }, false)
  check({}, { mode: 'dev' }, false, {})
})

suite('F36: a calendar day', () => {
  const check = (zone: string, now: string, hours: number, startsAt: string) =>
    test(`${now} in ${zone}`, () => {
      const window = windowAt(quota('q', { window: { day: zone } }), Date.parse(now))
      assert.ok('startsAt' in window)
      assert.equal((window.endsAt - window.startsAt) / 3_600_000, hours)
      assert.equal(new Date(window.startsAt).toISOString(), startsAt)
      assert.ok(window.startsAt <= Date.parse(now) && Date.parse(now) < window.endsAt)
    })

  const pacific = 'America/Los_Angeles'
  check('UTC', '2026-06-01T12:00:00Z', 24, '2026-06-01T00:00:00.000Z')
  check(pacific, '2026-03-08T07:59:59.999Z', 24, '2026-03-07T08:00:00.000Z')
  check(pacific, '2026-03-08T08:00:00Z', 23, '2026-03-08T08:00:00.000Z')
  check(pacific, '2026-03-09T06:59:59.999Z', 23, '2026-03-08T08:00:00.000Z')
  check(pacific, '2026-03-09T07:00:00Z', 24, '2026-03-09T07:00:00.000Z')
  check(pacific, '2026-11-01T07:00:00Z', 25, '2026-11-01T07:00:00.000Z')
  check(pacific, '2026-11-02T07:59:59.999Z', 25, '2026-11-01T07:00:00.000Z')
  check(pacific, '2026-11-02T08:00:00Z', 24, '2026-11-02T08:00:00.000Z')
  check('Europe/Berlin', '2026-10-25T12:00:00Z', 25, '2026-10-24T22:00:00.000Z')
  check('Asia/Kathmandu', '2026-06-01T18:20:00Z', 24, '2026-06-01T18:15:00.000Z')
  check('Pacific/Kiritimati', '2026-06-01T10:00:00Z', 24, '2026-06-01T10:00:00.000Z')

  test('a month is one window, and a limit may be the owner’s', () => {
    const spend = quota('spend', { window: { month: 'UTC' }, limitSetting: 'budget' })
    const window = windowAt(spend, Date.parse('2026-02-10T12:00:00Z'))
    assert.deepEqual(window, { startsAt: Date.UTC(2026, 1, 1), endsAt: Date.UTC(2026, 2, 1) })
    const target = testTarget(testProvider({ quotas: [spend] }))
    const integration = { ...target.integration, settings: { budget: '7' } }
    const place = 'api.acme.example/v1/x'
    const limits = [target, { ...target, integration }].map(
      (of) => takesOf({ target: of, method: 'GET', place, as: 'app' })[0]!.quota.limit,
    )
    assert.deepEqual(limits, [100, 7])
  })

  test('is worked out anew when it is over, and back in time too', () => {
    const daily = quota('q', { window: { day: 'UTC' } })
    const days = ['2026-06-01', '2026-06-02', '2026-06-01'].map((day) => {
      const [draw] = drawsAt([{ quota: daily, bucket: 'b', amount: 1 }], Date.parse(`${day}T12:00:00Z`))
      return 'startsAt' in draw!.window && new Date(draw!.window.startsAt).toISOString().slice(0, 10)
    })
    assert.deepEqual(days, ['2026-06-01', '2026-06-02', '2026-06-01'])
  })
})

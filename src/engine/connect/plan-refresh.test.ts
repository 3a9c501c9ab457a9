import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Auth, dayMs, hour, minute, oauth2, type Refresh, second } from '@patchbay/kit'
import fc from 'fast-check'
import { keepAliveAt, planRefresh } from './plan-refresh.ts'

const auth = (refresh: Refresh, more: object = {}): Auth =>
  oauth2({ authorizeUrl: '', tokenUrl: '', client: 'body', pkce: 'S256', scopes: { always: [] }, refresh, ...more })
const keeps = auth({ model: 'keeps' })
const clocks = (accessMs: number | null, more: object = {}) => ({
  refreshedAt: 0,
  accessExpiresAt: accessMs,
  refreshExpiresAt: null,
  endsAt: null,
  refreshable: true,
  ...more,
})

test('a fifth of the life before the end, five minutes at least, never in the first half', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 90 * dayMs }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (lifeMs, unit) => {
        const dueAt = planRefresh(keeps, clocks(lifeMs), unit)!
        assert.ok(dueAt >= Math.floor(lifeMs / 2))
        const marginMs = Math.max(5 * minute, lifeMs * 0.2)
        assert.ok(dueAt <= lifeMs - Math.min(marginMs, lifeMs / 2) + 1)
      },
    ),
  )
  assert.equal(planRefresh(keeps, clocks(hour), 0), 48 * minute)
  assert.equal(planRefresh(keeps, clocks(hour), 0.8), 45.6 * minute)
  assert.equal(planRefresh(keeps, clocks(10 * minute), 0), 5 * minute)
  assert.equal(planRefresh(keeps, clocks(60 * second), 0.5), 30 * second)
})

test('nothing to do where nothing expires or nothing can be done', () => {
  assert.equal(planRefresh(keeps, clocks(null), 0), null)
  assert.equal(planRefresh(keeps, clocks(hour, { refreshable: false }), 0), null)
  assert.equal(planRefresh(auth({ model: 'none' }), clocks(hour), 0), null)
  assert.equal(planRefresh({ scheme: 'api_key', carry: { query: 'k' }, fields: {} }, clocks(hour), 0), null)
})

test('F63: a refresh token is used before half of its idle time is over, and before its own end', () => {
  const idle = auth({ model: 'keeps' }, { idle: { days: 60, source: 'made up' } })
  assert.equal(planRefresh(idle, clocks(null), 0), 30 * dayMs)
  assert.equal(planRefresh(idle, clocks(hour), 0), 48 * minute)
  assert.equal(planRefresh(keeps, clocks(null, { refreshExpiresAt: 100 * dayMs }), 0), 80 * dayMs)
  // In time to see before the first warning whether the end moves; when it does not, renewing helps no more.
  assert.equal(keepAliveAt(keeps, clocks(null, { refreshExpiresAt: 60 * dayMs }), 0), 45 * dayMs)
  assert.equal(keepAliveAt(keeps, clocks(null, { refreshExpiresAt: 60 * dayMs, endsAt: 60 * dayMs }), 0), null)
  // Tokens that nobody uses are renewed once a day, and long ones when they are old.
  assert.equal(keepAliveAt(keeps, clocks(hour), 0), dayMs)
  assert.equal(keepAliveAt(keeps, clocks(60 * dayMs), 0), 48 * dayMs)
})

test('a token that is extended: after its age and before its end', () => {
  const extend = (accessMs: number | null, unit = 0, minAgeMs = dayMs) =>
    planRefresh(
      auth({
        model: 'extends',
        request: { method: 'GET', url: '', params: {} },
        minAgeMs,
        refreshAfterMs: 30 * dayMs,
        source: 'made up',
      }),
      clocks(accessMs),
      unit,
    )
  assert.equal(extend(60 * dayMs), 30 * dayMs)
  assert.equal(extend(60 * dayMs, 0.5), 28.5 * dayMs)
  assert.equal(extend(null), 30 * dayMs)
  assert.ok(extend(5 * dayMs)! > dayMs && extend(5 * dayMs)! < 5 * dayMs)
})

test('an account’s own client asks for the next token in time', () => {
  const own: Auth = { scheme: 'client_credentials', tokenUrl: '', client: 'basic', fields: {} }
  assert.equal(planRefresh(own, clocks(hour), 0), 48 * minute)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Auth, dayMs, hour, minute, oauth2, type Refresh } from '@patchbay/kit'
import { endOf, firstWarningAt, warningAfter, warningStep } from './grant-end.ts'

const auth = (refresh: Refresh): Auth =>
  oauth2({ authorizeUrl: '', tokenUrl: '', client: 'body', pkce: 'S256', scopes: { always: [] }, refresh })
const keeps = auth({ model: 'keeps' })
const rotates = auth({ model: 'rotates', graceMs: 0, source: 'made up' })
const none = auth({ model: 'none' })
const request = { method: 'GET', url: '', params: {} } as const
const extended = auth({ model: 'extends', request, minAgeMs: dayMs, refreshAfterMs: 30 * dayMs, source: 'made up' })

const clocks = (more: object = {}) => ({
  refreshedAt: 0,
  accessExpiresAt: hour,
  refreshExpiresAt: null,
  dataAccessExpiresAt: null,
  endsAt: null,
  refreshable: true,
  ...more,
})

test('what renews itself has no end', () => {
  assert.equal(endOf(keeps, clocks(), null), null)
  assert.equal(endOf(rotates, clocks({ refreshExpiresAt: 30 * dayMs }), null), null, 'the next one may live longer')
  assert.equal(endOf(extended, clocks({ accessExpiresAt: 60 * dayMs, refreshable: false }), null), null)
  assert.equal(endOf(none, clocks({ accessExpiresAt: null }), null), null, 'it lives until it is revoked')
  assert.equal(endOf({ scheme: 'api_key', carry: { query: 'k' }, fields: {} }, clocks(), null), null)
})

test('a consent’s own clock is a person’s, and so is an access token’s that nothing renews', () => {
  assert.equal(endOf(keeps, clocks({ dataAccessExpiresAt: 180 * dayMs }), null), 180 * dayMs)
  assert.equal(endOf(none, clocks({ accessExpiresAt: 60 * dayMs }), null), 60 * dayMs)
  assert.equal(endOf(keeps, clocks({ accessExpiresAt: 60 * dayMs, refreshable: false }), null), 60 * dayMs)
  assert.equal(endOf(none, clocks({ accessExpiresAt: 60 * dayMs, dataAccessExpiresAt: 90 * dayMs }), null), 60 * dayMs)
})

test('a refresh token’s end is a person’s when a renewal did not move it', () => {
  const end = (auth: Auth, after: { refreshedAt: number; refreshExpiresAt: number }, before: object = {}) =>
    endOf(auth, clocks(after), clocks({ refreshExpiresAt: 7 * dayMs, ...before }))
  for (const each of [keeps, rotates]) {
    assert.equal(end(each, { refreshedAt: hour, refreshExpiresAt: 7 * dayMs }), 7 * dayMs)
    assert.equal(end(each, { refreshedAt: hour, refreshExpiresAt: 7 * dayMs + 1000 }), 7 * dayMs + 1000, 'rounded')
    assert.equal(end(each, { refreshedAt: hour, refreshExpiresAt: 7 * dayMs + hour }), null, 'it moves along')
  }
  // Twice within minutes: what was known before holds.
  const soon = { refreshedAt: minute, refreshExpiresAt: 7 * dayMs + 1000 }
  assert.equal(end(keeps, soon), null)
  assert.equal(end(keeps, soon, { endsAt: 7 * dayMs }), 7 * dayMs + 1000)
})

test('14, 7, 3 and 1 days ahead, spread over an hour', () => {
  const endsAt = 100 * dayMs
  assert.equal(firstWarningAt(endsAt, 0, 0), 86 * dayMs)
  assert.equal(firstWarningAt(endsAt, 0, 0.5), 86 * dayMs + hour / 2)
  assert.equal(firstWarningAt(endsAt, 90 * dayMs, 0), 90 * dayMs, 'its end is near already')
  assert.equal(firstWarningAt(endsAt, endsAt, 0), null)
  assert.equal(firstWarningAt(null, 0, 0), null)
  assert.deepEqual(
    [14, 7, 3, 1].map((told) => warningAfter(endsAt, told, 0)),
    [93 * dayMs, 97 * dayMs, 99 * dayMs, null],
  )
})

test('of steps that were slept through the newest is told', () => {
  const step = (leftMs: number) => warningStep(100 * dayMs, 100 * dayMs - leftMs)
  assert.deepEqual([15 * dayMs, 14 * dayMs, 8 * dayMs].map(step), [null, 14, 14])
  assert.deepEqual([7 * dayMs, 2 * dayMs, dayMs, 1].map(step), [7, 3, 1, 1])
  assert.equal(step(0), null)
})

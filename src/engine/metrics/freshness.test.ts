import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Slot } from '../../ports/schedule.ts'
import { freshnessOf } from './freshness.ts'

const now = Date.parse('2026-10-06T12:00:00Z')
const hour = 3_600_000
const slot = (hoursAgo: number | null, more: Partial<Slot> = {}) =>
  ({ everyMs: 6 * hour, syncedAt: hoursAgo === null ? null : now - hoursAgo * hour, blocked: null, ...more }) as Slot

const check = (what: string, slots: readonly Slot[], badge: string, hoursAgo: number | null) =>
  test(`${what} is ${badge}`, () => {
    const freshness = freshnessOf(slots, now)
    assert.deepEqual([freshness.badge, freshness.syncedAt], [badge, hoursAgo === null ? null : now - hoursAgo * hour])
  })

check('read within its interval', [slot(5)], 'fresh', 5)
check('read within two', [slot(11)], 'aging', 11)
check('read before that', [slot(13)], 'stale', 13)
check('never read', [slot(null)], 'unknown', null)
check('without streams', [], 'unknown', null)
check('a mixed view as old as its oldest part', [slot(1), slot(13), slot(11)], 'stale', 13)
check('what was read before everything was paused', [slot(13, { blocked: 'paused' })], 'stale', 13)
check(
  'what stands still, besides a part that never was read,',
  [slot(5, { blocked: 'needs_reauth' }), slot(null, { blocked: 'missing_scope' })],
  'fresh',
  5,
)
check('what stood still before it was read', [slot(null, { blocked: 'paused' })], 'unknown', null)
check(
  'one that lacks a permission, among others that are read',
  [slot(1), slot(null, { blocked: 'missing_scope' })],
  'fresh',
  1,
)

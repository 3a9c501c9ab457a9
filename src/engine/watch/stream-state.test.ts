import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, minute, type Quota } from '@patchbay/kit'
import { slotOf } from '../../ports/schedule.contract.ts'
import type { Slot } from '../../ports/schedule.ts'
import { type StreamState, streamState } from './stream-state.ts'

const now = Date.parse('2026-11-01T12:00:00Z')
const quotas: Quota[] = [
  { id: 'units', per: 'app', limit: 100, window: { day: 'America/Los_Angeles' }, unit: 'units', source: 'test' },
  { id: 'spend', per: 'app', limit: 5, window: { month: 'UTC' }, currency: 'USD', source: 'test' },
]
const slot: Slot = {
  ...slotOf({ dueAt: now + hour, everyMs: 6 * hour }),
  ...{ environmentId: 'env_1', failures: 0, claim: null, claimedUntil: null },
  ...{ lastRunId: 'run_1', lastEndedAt: now - hour, syncedAt: now - hour, lastFault: null, lastQuota: null },
}

const check = (more: Partial<Slot>, state: StreamState['state'], says: RegExp | null, fixedBy: string | null = null) =>
  test(`${state}: ${JSON.stringify(more)}`, () => {
    const found = streamState({ ...slot, ...more }, now, quotas)
    assert.deepEqual([found.state, found.fixedBy], [state, fixedBy])
    if (says) assert.match(found.says!, says)
    else assert.equal(found.says, null)
  })

check({}, 'on_time', null)
check({ lastEndedAt: null }, 'never', null)
check({ dueAt: now - 6 * minute }, 'late', /due and was not read yet/, 'time')
check({ claim: 'clm_1', claimedUntil: now + 1 }, 'running', null)
check({ lastFault: 'provider.down' }, 'error', /not working/, 'provider')
check({ blocked: 'paused' }, 'blocked', /paused/, 'caller')

// A day of 25 hours: midnight is at 08:00 in UTC again.
const midnight = Date.parse('2026-11-02T08:00:00Z')
const day = 'quota “units” .* today: 100 units a day'
check(
  { lastFault: 'provider.throttled', lastQuota: 'units', dueAt: midnight },
  'waiting',
  new RegExp(`^Waits until 2026-11-02 00:00 America/Los_Angeles because the ${day}`),
  'time',
)
check(
  { lastFault: 'provider.exhausted', lastQuota: 'units' },
  'waiting',
  /^Waits until 05:00 America.*platform says/,
  'time',
)
check({ lastFault: 'provider.throttled' }, 'waiting', /^Waits until 13:00 UTC: the platform asked us/, 'time')
check({ lastFault: 'provider.throttled', lastQuota: 'gone' }, 'waiting', /^Waits until 13:00 UTC: /, 'time')
// It is looked at in an hour, and waits for the month.
check(
  { lastFault: 'setup.budget', lastQuota: 'spend' },
  'waiting',
  /^Waits until 2026-12-01 00:00 UTC because the budget “spend” is spent this month: 5 USD a month\./,
  'operator',
)
// Its time has come, and it has not had its turn.
check({ lastFault: 'provider.throttled', lastQuota: 'units', dueAt: now }, 'waiting', /slow down/, 'time')

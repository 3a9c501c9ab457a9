import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault, type FaultCode, faults, hour, minute, parseDuration, type Quota } from '@patchbay/kit'
import { slotOf } from '../../ports/schedule.contract.ts'
import type { Slot } from '../../ports/schedule.ts'
import { backoffMs, isYoung, nextReading } from './cadence.ts'
import { afterFault } from './outcome.ts'
import { madeUp } from './test-world.ts'

const now = Date.parse('2026-10-31T15:00:00Z')
const stream = madeUp.streams.channel!
const slot: Slot = {
  ...slotOf({ connectionId: 'con_1', everyMs: 6 * hour }),
  environmentId: 'env_1',
  failures: 2,
  claim: 'clm_1',
  claimedUntil: now,
  lastRunId: null,
  lastEndedAt: null,
  syncedAt: null,
  lastFault: null,
  lastQuota: null,
}
const after = (code: FaultCode, detail = {}, state: 'healthy' | 'needs_reauth' | 'paused' = 'healthy') =>
  afterFault(new Fault(code, undefined, detail), {
    quotas: madeUp.api.quotas,
    stream,
    slot,
    connection: { state },
    now,
  })

const check = (
  code: FaultCode,
  detail: object,
  expected: { blocked?: string; waits?: [number, number]; failures?: number },
) =>
  test(`after ${code} ${JSON.stringify(detail)}`, () => {
    const { blocked, dueAt, failures } = after(code, detail)
    assert.equal(blocked, expected.blocked ?? null)
    if (expected.failures !== undefined) assert.equal(failures, expected.failures)
    if (expected.waits)
      assert.ok(dueAt - now >= expected.waits[0] && dueAt - now <= expected.waits[1], `${dueAt - now}`)
  })

check('provider.throttled', { waitMs: 90_000 }, { waits: [90_000, 94_500], failures: 2 })
check('provider.throttled', {}, { waits: [2 * minute, 4 * minute], failures: 3 })
check('provider.exhausted', { waitMs: 16 * hour }, { waits: [16 * hour, 16 * hour + minute], failures: 2 })
check('connection.refreshing', { waitMs: 2000 }, { waits: [2000, 2100], failures: 2 })
check('provider.down', { waitMs: 5 * hour }, { waits: [2 * minute, 4 * minute], failures: 3 })
check('provider.changed', {}, { waits: [2 * minute, 4 * minute] })
check('platform.storage', {}, { waits: [2 * minute, 4 * minute] })
check('setup.plan', {}, { waits: [2 * minute, 4 * minute] })
check('connection.scopes', {}, { blocked: 'missing_scope' })
check('connection.unsuitable', {}, { blocked: 'unsupported' })
check('setup.unsupported', {}, { blocked: 'unsupported' })
check('connection.revoked', {}, { waits: [2 * minute, 4 * minute] })

test('a confirmed loss blocks with the word of the connection’s state', () => {
  assert.equal(after('connection.expired', {}, 'needs_reauth').blocked, 'needs_reauth')
  assert.equal(after('connection.inactive', {}, 'paused').blocked, 'paused')
  assert.equal(after('provider.down', {}, 'needs_reauth').blocked, null)
})

test('every fault of the table leads somewhere: due again, or blocked with a reason', () => {
  for (const code of Object.keys(faults) as FaultCode[]) {
    const { dueAt, says, fault } = after(code)
    assert.ok(dueAt > now && dueAt <= now + 7 * hour, code)
    assert.equal(fault, code)
    assert.match(says!, /\.$/, code)
  }
})

test('waits grow to half an hour for what ends by itself, to the interval for what needs a person', () => {
  const waits = (most: number) => [1, 2, 5, 10, 50].map((failures) => backoffMs(failures, 'con_1', most) / minute)
  for (const [i, [least, most]] of [[0.5, 1], [1, 2], [8, 16], [15, 30], [15, 30]].entries()) // biome-ignore format: a table
    assert.ok(waits(30 * minute)[i]! >= least! && waits(30 * minute)[i]! <= most!)
  assert.ok(waits(6 * hour)[4]! >= 180)
})

test('F36: a quota day of 25 hours is named by its own clock', () => {
  // The night in which Los Angeles turns its clocks back.
  const resetsAt = Date.parse('2026-11-01T07:00:00Z')
  const { says } = after('provider.exhausted', { quota: 'daily', waitMs: resetsAt - now })
  assert.match(
    says!,
    /^Waits until 2026-11-01 00:00 America\/Los_Angeles because the platform says that the quota “daily” is used up today: /,
  )
})

test('a budget that is spent is waited for until the month ends, and looked at each interval', () => {
  const spend: Quota = {
    ...{ id: 'spend', per: 'app', limit: 5, window: { month: 'UTC' }, currency: 'USD', source: 'test' },
  }
  const waitMs = Date.parse('2026-11-01T00:00:00Z') - now
  const facts = { quotas: [spend], stream, slot, connection: { state: 'healthy' as const }, now }
  const fault = new Fault('setup.budget', undefined, { quota: 'spend', waitMs })
  assert.deepEqual(afterFault(fault, facts), {
    ...{ dueAt: now + 6 * hour, failures: 2, blocked: null, fault: 'setup.budget', quota: 'spend' },
    says: 'Waits until 2026-11-01 00:00 UTC because the budget “spend” is spent this month: 5 USD a month. A larger one ends the wait.',
  })
})

test('each connection has its own place in the interval and keeps it', () => {
  const daily = { every: '24h' } as const
  const places = new Set<number>()
  for (let i = 0; i < 1000; i++) {
    const of = { ...slot, connectionId: `con_${i}` }
    // From wherever it is, it comes to its place in a turn or two, and stays.
    let first = now
    for (let turn = 0; turn < 4; turn++) first = nextReading(daily, of, first)
    assert.equal(nextReading(daily, of, first), first + 22 * hour)
    places.add(Math.floor((first % (22 * hour)) / hour))
  }
  assert.equal(places.size, 22)
})

test('data does not grow older than the interval, whenever a run came in between and though each takes its time', () => {
  for (const every of ['6h', '24h', '7d'] as const)
    for (let i = 0; i < 1000; i++) {
      const of = { ...slot, connectionId: `con_${i}` }
      const everyMs = parseDuration(every)
      const afterMs = nextReading({ every }, of, now + i * minute) - (now + i * minute)
      assert.ok(afterMs <= everyMs - everyMs / 24, `${every}: ${afterMs / hour} h`)
      assert.ok(afterMs >= everyMs / 10)
    }
})

test('a reading has time for an hour of its day, and none when there are no numbers yet', () => {
  const everyMs = 24 * hour
  assert.ok(isYoung({ syncedAt: now - 22.9 * hour, everyMs }, now))
  assert.ok(!isYoung({ syncedAt: now - 23.1 * hour, everyMs }, now))
  assert.ok(!isYoung({ syncedAt: null, everyMs }, now))
})

test('what is read in batches is due together', () => {
  const batched = { every: '24h', batch: 50 } as const
  const due = new Set([1, 2, 3].map((i) => nextReading(batched, { ...slot, connectionId: `con_${i}` }, now)))
  assert.equal(due.size, 1)
  assert.notEqual(nextReading(batched, { ...slot, integrationId: 'int_2' }, now), [...due][0])
})

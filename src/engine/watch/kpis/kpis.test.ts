import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, hour, minute } from '@patchbay/kit'
import type { ConnectionState } from '../../../ports/connections.ts'
import type { FailedCall, ReadingEnd, Step } from '../../../ports/history.ts'
import { callSuccess } from './call-success.ts'
import { ConnectionPast } from './connection-past.ts'
import { dataLag } from './data-lag.ts'
import { reconnects } from './reconnects.ts'
import { Recoveries } from './recovered.ts'
import { recoveries } from './recoveries.ts'
import { refreshTime } from './refresh-time.ts'
import { uptime } from './uptime.ts'

const from = Date.parse('2026-11-01T00:00:00Z')
const window = { from, to: from + 28 * dayMs }
const now = window.to
const provider = 'one'

const step = (hours: number, to: ConnectionState, reason: string | null = null, more: Partial<Step> = {}): Step => ({
  ...{ connectionId: 'con_1', provider, from: null, to, reason, actor: 'system', at: from + hours * hour },
  ...more,
})
const end = (hours: number, fault: string | null, more: Partial<ReadingEnd> = {}): ReadingEnd => ({
  ...{ connectionId: 'con_1', provider, stream: 'channel', runId: `run_${hours}`, fault, blocked: null },
  at: from + hours * hour,
  ...more,
})
const call = (fault: string, more: Partial<FailedCall> = {}): FailedCall => ({
  ...{ id: 'cal_1', provider, connectionId: 'con_1', runId: 'run_5', runState: 'failed', fault, attempts: 1 },
  ...{ startedAt: from + 5 * hour, endedAt: from + 5 * hour + minute },
  ...more,
})

const well = [step(-1, 'healthy')]
const counts = [{ provider, fault: null, calls: 9, attempts: 10 }]

/** `num/den` and what was left out. */
const told = ({ overall }: ReturnType<typeof reconnects>) =>
  [
    `${overall.numerator}/${overall.denominator}`,
    ...overall.excluded.map(({ reason, count }) => `${count} ${reason}`),
  ].join('; ')

test('K1: a failed call is judged by what became of it', () => {
  const check = (failed: FailedCall, ends: ReadingEnd[], steps: Step[], expected: string) => {
    const facts = { past: new ConnectionPast(steps), recoveries: new Recoveries(ends), now }
    assert.equal(told(callSuccess({ counts, failed: [failed] }, facts)), expected, failed.fault)
  }
  check(call('provider.down'), [end(5, 'provider.down')], well, '9/10')
  check(call('provider.down'), [end(5, 'provider.down'), end(28, null)], well, '9/9')
  check(call('provider.down'), [end(5, 'provider.down'), end(30, null)], well, '9/10')
  check(call('provider.down'), [end(5, 'provider.down'), end(6, 'x'), end(7, null, { stream: 'y' })], well, '9/10')
  check(call('provider.timeout', { runState: 'partial' }), [], well, '9/9')
  check(call('provider.timeout', { runState: 'abandoned' }), [], well, '9/10')
  check(call('provider.timeout', { runState: null, runId: null }), [], well, '9/10')
  check(call('provider.missing', { runId: null }), [], well, '10/10')
  check(call('provider.rejected', { runId: null }), [], well, '9/9; 1 what was asked was not valid')
  check(call('input.invalid', { runId: null }), [], well, '9/9; 1 what was asked was not valid')
  check(call('aborted', { runId: null }), [], well, '9/9; 1 nobody waited for it any more')
  check(call('connection.scopes'), [end(5, 'connection.scopes')], well, '9/9; 1 the owner did not allow it')
  const lost = (reason: string) => [...well, step(5, 'needs_reauth', reason)]
  const ended = [end(5, 'connection.expired', { blocked: 'needs_reauth' })]
  check(call('connection.expired'), ended, lost('revoked'), '9/9; 1 access had ended')
  check(call('connection.expired'), ended, lost('lost_response'), '9/10')
  check(call('connection.expired'), ended, well, '9/10')
  check(call('connection.expired'), ended, [...lost('revoked'), step(6, 'healthy')], '9/10')
  const late = { startedAt: now - hour, endedAt: now - hour }
  check(call('provider.down', late), [end(5, 'provider.down')], well, '9/9; 1 it is still being tried')
})

test('K6: connections that worked at the beginning, by whose doing it was that they were lost', () => {
  const check = (steps: Step[], expected: string, cause?: string) => {
    const found = reconnects(new ConnectionPast(steps), window)
    assert.equal(told(found), expected)
    if (cause) assert.equal(found.overall.details[cause], 1)
  }
  check(well, '0/1')
  check([...well, step(1, 'needs_reauth', 'revoked')], '1/1', 'owner')
  check([...well, step(1, 'needs_reauth', 'expired')], '1/1', 'expiry')
  check([...well, step(1, 'needs_reauth', 'lost_response')], '1/1', 'lost_reply')
  check([...well, step(1, 'needs_reauth', 'provider.down')], '1/1', 'ours')
  check([...well, step(1, 'revoked')], '1/1', 'owner')
  const again = (actor: string) => step(2, 'healthy', null, { actor })
  check([...well, step(1, 'needs_reauth', 'refresh_refused'), again('owner')], '1/1', 'owner')
  check([...well, step(1, 'needs_reauth', 'refresh_refused'), again('schedule')], '1/1', 'ours')
  check([...well, step(1, 'needs_reauth', 'revoked'), again('owner'), step(3, 'needs_reauth', 'revoked')], '1/1')
  check([step(1, 'healthy')], '0/0; 1 connected later')
  check([step(1, 'healthy'), step(2, 'needs_reauth', 'revoked')], '0/0; 1 connected later, and lost')
  check([step(-1, 'paused')], '0/0; 1 paused when the window began')
  check([...well, step(29 * 24, 'needs_reauth', 'revoked')], '0/1')
})

test('K8: an episode lasts until no stream fails any more, and counts unless only a person could end it', () => {
  const check = (ends: ReadingEnd[], steps: Step[], expected: string) =>
    assert.equal(told(recoveries(ends, { past: new ConnectionPast(steps), now, window })), expected)
  const down = (hours: number, more?: Partial<ReadingEnd>) => end(hours, 'provider.down', more)
  check([], well, '0/0')
  check([down(1), down(2), end(3, null)], well, '1/1')
  check([down(1), end(25, null)], well, '1/1')
  check([down(1), end(25.1, null)], well, '0/1')
  check([down(1), down(2, { stream: 'b' }), end(3, null), end(26, null, { stream: 'b' })], well, '0/1')
  check([down(1), end(2, null), down(3), end(4, null)], well, '2/2')
  check([down(-3), end(2, null)], well, '0/0')
  check([down(1)], well, '0/1')
  check([end(27.5 * 24, 'provider.down')], well, '0/0; 1 it lasts for less than a day yet')
  for (const wait of ['provider.throttled', 'provider.exhausted', 'setup.budget', 'provider.pending'])
    check([end(1, wait), end(2, null)], well, '0/0')
  check([down(1), end(2, 'setup.credentials'), end(3, null)], well, '0/0; 1 only the operator could end it')
  check([end(1, 'connection.expired', { blocked: 'needs_reauth' })], well, '0/0; 1 only the owner could end it')
  const lost = (reason: string) => [...well, step(2, 'needs_reauth', reason)]
  check([down(1)], lost('revoked'), '0/0; 1 only the owner could end it')
  check([down(1)], lost('lost_response'), '0/1')
  check([down(1)], [...well, step(2, 'paused')], '0/0; 1 the connection was paused meanwhile')
})

test('K4: late is what was stored more than a day ago, while the connection was to be read', () => {
  const streams = { channel: { every: '24h' }, demographics: { every: '7d' } }
  const providers = new Map([[provider, { streams } as never]])
  const read = (stream: string) => ({ connectionId: 'con_1', provider, stream, at: from })
  const check = (hours: [number, number], steps: Step[], lateHours: number, activeHours = 28 * 24) => {
    const gap = { ...read('channel'), from: from + hours[0] * hour, to: from + hours[1] * hour }
    const past = new ConnectionPast(steps)
    const { overall } = dataLag({ first: [read('channel')], gaps: [gap] }, { past, providers, window })
    assert.equal(overall.denominator, activeHours * 60)
    assert.equal(overall.denominator - overall.numerator, lateHours * 60)
  }
  check([10, 35], well, 1)
  check([-20, 5], well, 1)
  check([10, 58], [...well, step(40, 'paused'), step(50, 'healthy')], 14, 28 * 24 - 10)
  const slow = dataLag(
    { first: [read('demographics')], gaps: [] },
    { past: new ConnectionPast(well), providers, window },
  )
  assert.equal(told(slow), `0/0; ${28 * 24 * 60} read every 7d only`)
})

test('K2 and K5: whole minutes since the first sign of life; fresh numbers in time', () => {
  const up = uptime({ since: from + hour, alive: 118, working: 117 }, { from, to: from + 3 * hour })
  assert.equal(told({ overall: up, providers: {} }), '117/120; 60 before the first start')
  assert.deepEqual(up.details, { minutesWithoutProcess: 2, minutesWithoutPlanner: 1 })
  assert.equal(uptime({ since: null, alive: 0, working: 0 }, window).value, null)
  const wait = (ms: number, ended: 'fresh' | 'failed' | 'not_in_time') => ({
    ...{ id: 'rfs', connectionId: 'con_1', provider, askedAt: from, endedAt: from + ms, ended },
  })
  const waits = [wait(800, 'fresh'), wait(6_000, 'fresh'), wait(100, 'failed'), wait(5_000, 'not_in_time')]
  assert.equal(told(refreshTime(waits)), '1/4')
})

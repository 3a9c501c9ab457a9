import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, hour } from '@patchbay/kit'
import { calmTimes } from './quota-peaks.ts'
import { causesOf, isPlatforms } from './why-lost.ts'

const gap = { provider: 'acme', from: 0 }
const outage = (from: number, until: number, provider = 'acme') =>
  ({ provider, what: 'outage', from: from * hour, until: until * hour }) as const

/** Pieces of a reading that was late from 24:00 until `to`, in hours. */
const check = (
  what: string,
  given: { to: number; fault?: string; spans?: ReturnType<typeof outage>[] },
  expected: string,
) =>
  test(what, () => {
    const turns = given.fault === undefined ? [] : [{ fault: given.fault, at: 23 * hour }]
    const late = { from: dayMs, to: given.to * hour }
    const pieces = causesOf(gap, late, turns, given.spans ?? [])
    assert.equal(pieces.map(({ cause, from, to }) => `${cause} ${(to - from) / hour}`).join(', '), expected)
    assert.equal(
      pieces.reduce((sum, { from, to }) => sum + to - from, 0),
      late.to - late.from,
    )
  })

check('nothing happened', { to: 25 }, 'read a day after the last time, and not sooner 1')
check('a quota', { to: 25, fault: 'provider.throttled' }, 'waited for a quota 1')
check('another failure', { to: 25, fault: 'provider.changed' }, 'failed with provider.changed 1')
check('an outage that lasts', { to: 26, spans: [outage(20, 30)] }, 'outage 2')
check('an outage that ended', { to: 26, spans: [outage(20, 25)] }, 'outage 1, after outage, until its next try 1')
check('one that ended just before', { to: 25, spans: [outage(20, 23.5)] }, 'after outage, until its next try 1')
check('one long before', { to: 25, spans: [outage(10, 12)] }, 'read a day after the last time, and not sooner 1')
check(
  'one that came later',
  { to: 27, fault: 'provider.throttled', spans: [outage(25, 26)] },
  'waited for a quota 1, outage 1, after outage, until its next try 1',
)
check(
  'one of another platform',
  { to: 25, spans: [outage(20, 30, 'other')] },
  'read a day after the last time, and not sooner 1',
)

test('what the platforms took is told from what was ours', () => {
  for (const cause of ['outage', 'token endpoint down', 'waited for a quota', 'a single request: delay'])
    assert.ok(isPlatforms(cause), cause)
  for (const cause of ['ours', 'wrong secret', 'after outage', 'read a day after the last time, and not sooner'])
    assert.ok(!isPlatforms(cause), cause)
})

test('it is calm from two hours after an outage until the next one', () => {
  const window = { from: 0, to: 30 * hour }
  const calm = (...spans: ReturnType<typeof outage>[]) =>
    calmTimes(spans, window).map(({ from, to }) => `${from / hour}-${to / hour}`)
  assert.deepEqual(calm(), ['0-30'])
  assert.deepEqual(calm(outage(10, 12), outage(5, 6)), ['0-5', '8-10', '14-30'])
  assert.deepEqual(calm(outage(5, 6), outage(7, 9)), ['0-5', '11-30'])
  assert.deepEqual(calm(outage(0, 29)), [])
})

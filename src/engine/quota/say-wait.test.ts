import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { dayMs, type FaultCode, hour, minute, type Quota } from '@patchbay/kit'
import { sayLength, sayWait } from './say-wait.ts'

const pacific = 'America/Los_Angeles'
const quota = (window: Quota['window'], unit?: string): Quota => ({
  ...{ id: 'general', per: 'app', limit: 10_000, window, source: 'test' },
  ...(unit && { unit }),
})

suite('why something waits, and until when', () => {
  const check = (code: FaultCode, of: Quota | undefined, now: string, until: string, expected: string) =>
    test(expected, () =>
      assert.equal(sayWait({ code, quota: of, until: Date.parse(until) }, Date.parse(now)), expected),
    )

  const units = quota({ day: pacific }, 'units')
  check(
    ...(['provider.throttled', units, '2026-06-01T12:00:00Z', '2026-06-02T07:00:00Z'] as const),
    'Waits until 2026-06-02 00:00 America/Los_Angeles because the quota “general” has no room left today: 10,000 units a day.',
  )
  check(
    ...(['provider.exhausted', units, '2026-06-01T12:00:00Z', '2026-06-01T16:00:00Z'] as const),
    'Waits until 09:00 America/Los_Angeles because the platform says that the quota “general” is used up today: 10,000 units a day.',
  )
  // The nights in which the clocks are changed: the day of 23 hours ends at 07:00 in UTC, the one of 25 at 08:00.
  check(
    ...(['provider.throttled', units, '2026-03-08T08:30:00Z', '2026-03-09T07:00:00Z'] as const),
    'Waits until 2026-03-09 00:00 America/Los_Angeles because the quota “general” has no room left today: 10,000 units a day.',
  )
  check(
    ...(['provider.throttled', units, '2026-11-01T07:30:00Z', '2026-11-02T08:00:00Z'] as const),
    'Waits until 2026-11-02 00:00 America/Los_Angeles because the quota “general” has no room left today: 10,000 units a day.',
  )
  check(
    ...(['provider.throttled', quota({ rollingMs: 30_000 }), '2026-06-01T12:00:00Z', '2026-06-01T12:00:40Z'] as const),
    'Waits until 12:00 UTC because the quota “general” has no room left: 10,000 calls in 30 seconds.',
  )
  check(
    ...(['provider.throttled', quota({ concurrent: true }), '2026-06-01T12:00:00Z', '2026-06-01T12:01:00Z'] as const),
    'Waits until 12:01 UTC because the quota “general” has no room left: 10,000 calls at once.',
  )
  check(
    ...(['provider.throttled', undefined, '2026-06-01T12:00:00Z', '2026-06-01T12:01:00Z'] as const),
    'Waits until 12:01 UTC: the platform asked us to slow down.',
  )
})

test('lengths are told in their greatest whole unit', () => {
  const said = [dayMs, 25 * hour, 90 * minute, minute, 1500].map(sayLength)
  assert.deepEqual(said, ['1 day', '25 hours', '90 minutes', '1 minute', '1,500 milliseconds'])
})

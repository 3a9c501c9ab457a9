import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isZone } from '@patchbay/kit'
import { quietUntil } from './quiet-hours.ts'

function check(hours: string, zone: string, now: string, until: string | null): void {
  const [from = '', to = ''] = hours.split('–')
  const end = quietUntil({ zone, from, to, highPasses: false }, Date.parse(now))
  assert.equal(end === null ? null : new Date(end).toISOString().slice(0, 16), until, `${hours} ${zone} at ${now}`)
}

test('a night reaches into the next day', () => {
  check('22:00–07:00', 'UTC', '2026-03-02T21:59:59Z', null)
  check('22:00–07:00', 'UTC', '2026-03-02T22:00:00Z', '2026-03-03T07:00')
  check('22:00–07:00', 'UTC', '2026-03-03T00:00:00Z', '2026-03-03T07:00')
  check('22:00–07:00', 'UTC', '2026-03-03T06:59:59Z', '2026-03-03T07:00')
  check('22:00–07:00', 'UTC', '2026-03-03T07:00:00Z', null)
  check('22:00–07:00', 'UTC', '2026-12-31T23:00:00Z', '2027-01-01T07:00')
})

test('a part of the day does not', () => {
  check('12:30–14:00', 'UTC', '2026-03-02T12:29:00Z', null)
  check('12:30–14:00', 'UTC', '2026-03-02T12:30:00Z', '2026-03-02T14:00')
  check('12:30–14:00', 'UTC', '2026-03-02T14:00:00Z', null)
})

test('it is the time on the wall of the zone', () => {
  check('22:00–07:00', 'Asia/Tokyo', '2026-03-02T13:00:00Z', '2026-03-02T22:00')
  check('22:00–07:00', 'America/Los_Angeles', '2026-03-02T05:59:00Z', null)
  check('22:00–07:00', 'America/Los_Angeles', '2026-03-02T06:00:00Z', '2026-03-02T15:00')
  check('22:00–07:00', 'Asia/Kathmandu', '2026-03-02T16:15:00Z', '2026-03-03T01:15')
})

test('nights in which the clocks change end at their hour', () => {
  check('22:00–07:00', 'Europe/Berlin', '2026-03-28T22:00:00Z', '2026-03-29T05:00')
  check('22:00–07:00', 'Europe/Berlin', '2026-10-24T21:00:00Z', '2026-10-25T06:00')
  // 02:30 is left out in that night.
  check('22:00–02:30', 'Europe/Berlin', '2026-03-29T00:30:00Z', '2026-03-29T01:30')
})

test('zones are known by name', () => {
  assert.deepEqual(['Europe/Berlin', 'UTC', 'Mars/Olympus', ''].map(isZone), [true, true, false, false])
})

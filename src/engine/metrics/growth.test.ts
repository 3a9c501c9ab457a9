import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addDays } from '@patchbay/kit'
import type { StoredObservation } from '../../ports/records.ts'
import { growthOf } from './growth.ts'

/** Values by days before the newest. */
const series = (values: Record<number, number | null>, versions: Record<number, string> = {}) =>
  Object.entries(values)
    .map(
      ([ago, value]) =>
        ({
          day: addDays('2026-10-31', -Number(ago)),
          value,
          version: versions[Number(ago)] ?? null,
        }) as StoredObservation,
    )
    .sort((one, other) => (one.day < other.day ? -1 : 1))

const check = (what: string, rows: readonly StoredObservation[], value: number | null, reason: string | null) =>
  test(`growth over 28 days ${what} is ${value ?? reason}`, () => {
    const growth = growthOf(rows, 28)
    assert.deepEqual([growth.value, growth.reason], [value, reason])
  })

check('with both days', series({ 28: 100, 0: 130 }), 30, null)
check('that went down', series({ 28: 130, 0: 100 }), -30, null)
check('with a day a little older', series({ 35: 100, 20: 120, 0: 130 }), 30, null)
check('with no old day', series({ 27: 100, 0: 130 }), null, 'no_earlier_value')
check('with a day that is much too old', series({ 60: 100, 0: 130 }), null, 'no_earlier_value')
check('whose newest day has no value', series({ 28: 100, 0: null }), null, 'no_value')
check('whose old day has no value, with another before', series({ 30: 90, 28: null, 0: 130 }), 40, null)
check('of nothing', [], null, 'no_value')
check('across a change of definition', series({ 28: 100, 0: 130 }, { 0: 'v2' }), null, 'definition_changed')
check('across a change and back', series({ 28: 100, 10: 110, 0: 130 }, { 10: 'v2' }), null, 'definition_changed')

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Against, firstDayBefore, firstDayOf, lastDayOf, type Period } from './periods.ts'

const check = (day: string, period: Period, from: string, to: string, before: Record<Against, string | null>) =>
  test(`the ${period} of ${day} is ${from} to ${to}`, () => {
    assert.deepEqual([firstDayOf(day, period), lastDayOf(day, period)], [from, to])
    for (const against of ['previous', 'year'] as const)
      assert.equal(firstDayBefore(from, period, against), before[against])
  })

check('2026-11-28', 'day', '2026-11-28', '2026-11-28', { previous: '2026-11-27', year: '2025-11-28' })
check('2026-11-28', 'week', '2026-11-23', '2026-11-29', { previous: '2026-11-16', year: '2025-11-24' })
check('2026-11-23', 'week', '2026-11-23', '2026-11-29', { previous: '2026-11-16', year: '2025-11-24' })
check('2027-01-01', 'week', '2026-12-28', '2027-01-03', { previous: '2026-12-21', year: '2025-12-29' })
check('2026-11-28', 'month', '2026-11-01', '2026-11-30', { previous: '2026-10-01', year: '2025-11-01' })
check('2028-02-11', 'month', '2028-02-01', '2028-02-29', { previous: '2028-01-01', year: '2027-02-01' })
check('2027-01-31', 'month', '2027-01-01', '2027-01-31', { previous: '2026-12-01', year: '2026-01-01' })
check('2028-02-29', 'day', '2028-02-29', '2028-02-29', { previous: '2028-02-28', year: null })
check('2028-03-01', 'day', '2028-03-01', '2028-03-01', { previous: '2028-02-29', year: '2027-03-01' })

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addDays, type Observation } from '@patchbay/kit'
import { AlongLog } from '../../drivers/along/memory.ts'
import { openMemoryRecords } from '../../drivers/records/memory.ts'
import { observed, pageOf } from '../../ports/records.contract.ts'
import { emptyNote } from '../../ports/stream-notes.ts'
import { setAsideZeros } from './suspect-zeros.ts'

const today = '2026-10-05'
const note = emptyNote('con_1', 'channel')

/** How many of the zeros are set aside, with those numbers stored. */
async function asideOf(stored: readonly Observation[], zeros: readonly Observation[]): Promise<number> {
  const records = openMemoryRecords(new AlongLog())
  await records.save('env_1', [pageOf({ observations: stored })], { at: 1, actor: 'system' })
  const rows = { observations: zeros, items: [], audiences: [], removed: [], refused: [] }
  return (await setAsideZeros({ records }, 'env_1', note, rows, 2)).zeros.length
}

const videos = (count: number, value: number, from = 0) =>
  Array.from({ length: count }, (_, i) =>
    observed(value, { metric: 'consumption.views', item: `v${String(from + i).padStart(5, '0')}`, day: today }),
  )

test('zeros of a page are set aside however many other items the account has', async () => {
  assert.equal(await asideOf(videos(3_000, 50), videos(50, 0)), 50)
  assert.equal(await asideOf(videos(3_000, 50), videos(50, 0, 2_900)), 50)
})

const amounts = (first: string, days: number, value: number, more: Partial<Observation> = {}) =>
  Array.from({ length: days }, (_, i) =>
    observed(value, { metric: 'consumption.views_daily', day: addDays(first, i), ...more }),
  )
const zero = observed(0, { metric: 'consumption.views_daily', day: today })

test('what a day is split into says nothing of the day itself', async () => {
  const week = amounts(addDays(today, -7), 7, 50)
  const byCountry = amounts(addDays(today, -7), 8, 1, { dimensions: { country: 'FR' } })
  assert.equal(await asideOf([...week, ...byCountry], [zero]), 1)
  // Nothing is stored of the day but a part of it.
  assert.equal(await asideOf(amounts(today, 1, 90, { dimensions: { country: 'FR' } }), [zero]), 0)
})

test('zeros of each metric are set aside, however many days and groups come before them', async () => {
  const metrics = ['consumption.views_daily', 'engagement.comments_daily', 'engagement.likes_daily'] as const
  const first = addDays(today, -1_000)
  const stored = metrics.flatMap((metric) => amounts(first, 1_000, 50, { metric }))
  const corrected = metrics.flatMap((metric) => [
    observed(0, { metric, day: first }),
    observed(0, { metric, day: addDays(today, -1) }),
  ])
  assert.equal(await asideOf(stored, corrected), 6)
})

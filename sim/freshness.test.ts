import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instagram, spotify, youtube } from '../providers/index.ts'
import { measureChannelDay } from './channel-day.ts'
import { measureOnDemand } from './on-demand.ts'

/** Both again with the numbers that the promise names: `npm run bench -- freshness`. */
test('a day of the statistics of YouTube channels takes a unit for fifty of them', async () => {
  const { calls, units, limit } = await measureChannelDay(120)
  assert.deepEqual({ calls, units, limit }, { calls: 3, units: 3, limit: 10_000 })
})

test('who presses refresh has new numbers within two seconds, while everything else is behind', async () => {
  const { tookMs, notDone, behind } = await measureOnDemand({
    providers: [spotify, instagram, youtube],
    ...{ artists: 15, latencyMs: 300, asks: 40 },
  })
  assert.equal(notDone, 0)
  assert.equal(tookMs.length, 40)
  // Each waits for one answer of 300 ms at least.
  assert.ok(tookMs[0]! >= 300, `${tookMs[0]} ms`)
  assert.ok(tookMs[38]! < 2_000, `${tookMs[38]} ms`)
  assert.ok(behind > 0, 'nothing was behind, so nothing was in the way')
})

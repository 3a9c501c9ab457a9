import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWhole } from './examine.ts'
import { runKills } from './kill.ts'

test('F79, F91: a server that is killed while it works, once with its database, loses nothing', async (t) => {
  const summary = await runKills({
    kills: 4,
    artists: 1,
    seed: 'harbor',
    say: (text) => t.diagnostic(text),
  })
  t.diagnostic(JSON.stringify(summary))
  assert.ok(summary.observations > 500, `${summary.observations} observations only`)
  assert.ok(isWhole(summary), JSON.stringify(summary))
  assert.ok(summary.abandonedRuns > 0, 'nothing was broken off')
  // Sooner than any claim would have run out.
  assert.ok(summary.settled_ms < 90_000, `settled in ${summary.settled_ms} ms`)
})

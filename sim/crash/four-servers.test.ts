import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWhole } from './examine.ts'
import { runFourServers } from './four-servers.ts'

test('F91: four servers on one database are killed at places and moments, and nothing is lost without its cause', async (t) => {
  const summary = await runFourServers({
    kills: 3,
    artists: 1,
    seed: 'harbor',
    ending: 'pretend',
    say: (text) => t.diagnostic(text),
  })
  t.diagnostic(JSON.stringify(summary))
  assert.ok(summary.observations > 500, `${summary.observations} observations only`)
  assert.ok(summary.refreshes > 0 && Object.keys(summary.atPlaces).length > 0, 'no place was come to')
  // The first place is between the answer of a platform and the record of it. What a strict one answered is lost there, as it sees by the token that comes
  // again, and each such loss is said by its cause; of the other platform the answer is had again.
  assert.equal(summary.namedLosses, summary.violations['retired_refresh_token'] ?? 0)
  assert.ok(isWhole(summary), JSON.stringify(summary))
})

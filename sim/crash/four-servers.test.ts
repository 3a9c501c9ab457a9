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
  // The first place is between the answer of a platform and the record of it. A strict one loses a grant there, and that is said by its cause; where the
  // other one came first, its answer was had again.
  assert.ok(summary.namedLosses <= 1, `${summary.namedLosses} were lost`)
  assert.ok(isWhole(summary), JSON.stringify(summary))
})

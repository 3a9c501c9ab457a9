import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWholeBurst, runBurst } from './burst.ts'

test('F71, F78, T31, T32: webhooks that come while servers and their database are killed, and a thousand copies of one: each is stored and done once', async (t) => {
  const summary = await runBurst({
    ...{ perSecond: 40, seconds: 10, servers: 2, seed: 'harbor', copies: 1_000 },
    places: ['inbox.store.after', 'inbox.finish.before'],
    say: (text) => t.diagnostic(text),
  })
  t.diagnostic(JSON.stringify(summary))
  assert.ok(isWholeBurst(summary), JSON.stringify(summary))
  assert.equal(summary.sent, 401)
  assert.equal(summary.copies, 1_000)
  assert.ok(summary.kills >= 1 && summary.databaseKills >= 1, 'nothing was killed')
})

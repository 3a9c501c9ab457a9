import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWholeSending, runSenders } from './senders.ts'

test('senders that are killed while they send lose no event, invent none and keep the order where it is asked for', async (t) => {
  const summary = await runSenders({ kills: 8, senders: 2, seed: 'harbor', say: (text) => t.diagnostic(text) })
  t.diagnostic(JSON.stringify(summary))
  assert.ok(isWholeSending(summary), JSON.stringify(summary))
  assert.equal(summary.kills, 8)
  // Somebody died between an answer and its note, or nothing was put to the test.
  assert.ok(summary.again > 0, 'nothing came twice')
  assert.ok(summary.held > 0, 'none was killed while it wrote')
  assert.ok(Object.keys(summary.at).length > 0, 'none died at a place')
})

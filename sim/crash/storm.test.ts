import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runStorms } from './storm.ts'

test('T71: real servers at expiry: one token request; and while the token endpoint is down, a good token is used', async (t) => {
  const found = await runStorms({
    seed: 'harbor',
    storms: ['quick', 'endpoint down, one server', 'endpoint down, four servers'],
    say: (text) => t.diagnostic(text),
  })
  assert.deepEqual(
    found.map(({ storm, calls, wrong }) => [storm, calls, wrong]),
    [
      ['quick', 200, []],
      ['endpoint down, one server', 50, []],
      ['endpoint down, four servers', 200, []],
    ],
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answeredAt } from './answered-at.ts'
import { openTestWorld, testProvider, testStart, testTarget } from './test-provider.ts'

const at = Date.parse('2026-11-21T00:00:07Z')
const dated = (date: string) => new Date(answeredAt({ headers: { date }, at })).toISOString()

test('an answer is of the moment that its own Date names, and of its arrival where that is missing, no date or far away', () => {
  assert.equal(dated('Fri, 20 Nov 2026 23:59:59 GMT'), '2026-11-20T23:59:59.000Z')
  assert.equal(dated('Sat, 21 Nov 2026 00:01:00 GMT'), '2026-11-21T00:01:00.000Z')
  assert.equal(dated('Fri, 20 Nov 2026 22:00:00 GMT'), '2026-11-21T00:00:07.000Z')
  assert.equal(dated('yesterday'), '2026-11-21T00:00:07.000Z')
  assert.equal(answeredAt({ headers: {}, at }), at)
})

test('calls for a target know when the newest was answered, whatever the answer was', async () => {
  const date = new Date(testStart - 1000).toUTCString()
  const { clock, gateway } = openTestWorld([{ status: 200, headers: { date } }, 404, 'connect'])
  const http = gateway.http(testTarget(testProvider()))
  assert.equal(http.answeredAt(), null)
  await clock.run(async () => {
    await http({ path: '/me' })
    assert.equal(http.answeredAt(), testStart - 1000)
    await assert.rejects(http({ path: '/me' }))
    const then = clock.now()
    assert.equal(http.answeredAt(), then)
    await assert.rejects(http({ path: '/me', method: 'POST' }))
    assert.equal(http.answeredAt(), then)
  })
})

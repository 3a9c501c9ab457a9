import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestWorld, testProvider, testTarget } from './test-provider.ts'

test('the announced end of an API is said once a day', async () => {
  const headers = { sunset: 'Sat, 31 Dec 2026 23:59:59 GMT', deprecation: '@1735603200' }
  const { clock, gateway, log } = openTestWorld([{ status: 200, headers }])
  const target = testTarget(testProvider())
  await clock.run(async () => {
    for (let hour = 0; hour < 48; hour++) {
      await gateway.call(target, { path: `/things/${hour}` })
      await clock.sleep(3_600_000)
    }
  })
  const said = log.lines.filter(({ event }) => event === 'provider.sunset')
  assert.equal(said.length, 2)
  assert.deepEqual(said[0]!.fields, { provider: 'acme', place: 'GET api.acme.example/v1/things', ...headers })
})

test('nothing is said of what goes on', async () => {
  const { clock, gateway, log } = openTestWorld([200])
  await clock.run(() => gateway.call(testTarget(testProvider()), { path: '/x' }))
  assert.deepEqual(log.lines, [])
})

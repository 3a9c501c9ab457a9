import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallIncidents } from './report-outage.ts'
import { openTestWorld, testProvider, testTarget } from './test-provider.ts'

test('F53: the announced end of an API is said once a day to each app that uses it', async () => {
  const headers = { sunset: 'Sat, 31 Dec 2026 23:59:59 GMT', deprecation: '@1735603200' }
  const ends: (string | number | null)[][] = []
  const ending: CallIncidents['ending'] = async ({ id }, { place, at }) => void ends.push([id, place, at])
  const { clock, gateway, log } = openTestWorld([{ status: 200, headers }], { incidents: { ending } })
  const other = testTarget(testProvider())
  const target = testTarget(testProvider())
  await clock.run(async () => {
    for (let hour = 0; hour < 48; hour++) {
      await gateway.call(target, { path: `/things/${hour}` })
      if (hour === 30)
        await gateway.call({ ...other, integration: { ...other.integration, id: 'int_2' } }, { path: '/things' })
      await clock.sleep(3_600_000)
    }
  })
  const said = log.lines.filter(({ event }) => event === 'provider.sunset')
  assert.equal(said.length, 3)
  const place = 'GET api.acme.example/v1/things'
  const at = Date.UTC(2026, 11, 31, 23, 59, 59)
  assert.deepEqual(ends, [
    ['int_1', place, at],
    ['int_1', place, at],
    ['int_2', place, at],
  ])
  assert.deepEqual(said[0]!.fields, { provider: 'acme', place: 'GET api.acme.example/v1/things', ...headers })
})

test('nothing is said of what goes on', async () => {
  const { clock, gateway, log } = openTestWorld([200])
  await clock.run(() => gateway.call(testTarget(testProvider()), { path: '/x' }))
  assert.deepEqual(log.lines, [])
})

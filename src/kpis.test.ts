import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { dayMs } from '@patchbay/kit'
import { consentProvider, startTestServer, type TestServer, until } from './test-server.ts'

/** The whole way of the numbers: accounts are connected and read, and what is asked of the API is counted itself. */

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.stop())

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into.
const kpi = (json: any, id: string) => json.data.find((one: any) => one.id === id)

test('before anything happened each number says why there is none', async () => {
  const { status, json } = await server.ask('GET', '/v1/kpis')
  assert.equal(status, 200)
  assert.deepEqual(
    json.data.map(({ id }: { id: string }) => id),
    ['K1', 'K2', 'K3', 'K4', 'K5', 'K6', 'K7', 'K8'],
  )
  assert.equal(kpi(json, 'K1').overall.value, null)
  assert.equal(kpi(json, 'K1').overall.whyNone, 'No call was made.')
  assert.equal(kpi(json, 'K6').overall.whyNone, 'No connection worked when the window began.')
})

test('what was read and asked is counted, and a platform can be asked for alone', async () => {
  await server.connect(consentProvider)
  await until(async () => kpi((await server.ask('GET', '/v1/kpis')).json, 'K1').overall.numerator > 0)
  const { json } = await server.ask('GET', '/v1/kpis')
  assert.equal(kpi(json, 'K1').overall.value, 1)
  assert.deepEqual(Object.keys(kpi(json, 'K1').providers), [consentProvider.id])
  const alone = (await server.ask('GET', `/v1/kpis?provider=${consentProvider.id}`)).json
  assert.deepEqual(kpi(alone, 'K1').overall, kpi(json, 'K1').providers[consentProvider.id])

  assert.equal(kpi(json, 'K3').overall.value, 0)
  const asked = kpi(json, 'K3').overall
  const ask = (path: string) => server.ask('GET', path)
  await Promise.all([ask('/v1/runs'), ask('/v1/runs?limit=none'), ask('/health'), ask('/console/')])
  const then = kpi((await ask('/v1/kpis')).json, 'K3').overall
  // Two of them, and the two that asked for this; pages and probes are no operations.
  assert.equal(then.denominator - asked.denominator, 4)
  assert.equal(then.details.refused - asked.details.refused, 1)
  const other = (await server.ask('GET', '/v1/kpis', { key: server.keys.other })).json
  assert.equal(kpi(other, 'K1').overall.value, null)
})

test('a window that cannot be is refused', async () => {
  const day = (of: number) => new Date(Date.UTC(2026, 0, of)).toISOString()
  for (const [from, to] of [
    [day(2), day(1)],
    [day(1), day(1)],
    [day(1), day(100)],
    ['yesterday', day(1)],
  ] as const)
    assert.equal((await server.ask('GET', `/v1/kpis?from=${from}&to=${to}`)).status, 422)
  // Longer ago than calls are kept, it would be counted from what is left of them.
  const now = server.engine.deps.clock.now()
  const window = (days: number) => [now - days * dayMs, now - 90 * dayMs].map((at) => new Date(at).toISOString())
  for (const [days, status] of [
    [99, 200],
    [101, 422],
  ] as const) {
    const [from, to] = window(days)
    assert.equal((await server.ask('GET', `/v1/kpis?from=${from}&to=${to}`)).status, status)
  }
})

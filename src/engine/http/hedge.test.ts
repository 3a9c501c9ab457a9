import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type ApiRequest, isFault, type Provider } from '@patchbay/kit'
import { openTestWorld, type Scripted, type TestWorld, testProvider, testTarget } from './test-provider.ts'

const source = 'test'
const hedged: Partial<Provider['api']> = {
  quotas: [{ id: 'general', per: 'app', limit: 1_000, window: { rollingMs: 60_000 }, source }],
  hedges: [{ call: 'GET api.acme.example/v1/slow', afterMs: 100, source }],
}
const read = { path: '/slow/1' }

/** Requests of which the first takes so long, and the second so long. */
const open = (script: readonly Scripted[], ...latencies: number[]) =>
  openTestWorld(script, { latencyMs: (nth) => latencies[nth - 1] ?? latencies.at(-1)! })

/** Asks once on the provider of `api`, and says after how long that was over, how many requests went out and what was written down. */
async function ask(
  world: TestWorld,
  { api = hedged, request = read, ...more }: { api?: typeof hedged; request?: ApiRequest; lane?: 'scheduled' } = {},
) {
  const { clock, gateway, asked, records } = world
  const target = testTarget(testProvider(api), more)
  const startedAt = clock.now()
  const outcome = await clock.run(() =>
    gateway.call(target, request).then(
      ({ body }) => body,
      (error: unknown) => (isFault(error) ? error.code : error),
    ),
  )
  const tookMs = clock.now() - startedAt
  await clock.run(() => gateway.flush())
  const [record] = records
  return { outcome, tookMs, requests: asked.length, record: record! }
}

suite('hedge', () => {
  const one = { status: 200, body: { said: 'first' } }
  const other = { status: 200, body: { said: 'second' } }

  test('the second answer counts where it comes first, and both requests are counted', async () => {
    const { outcome, tookMs, requests, record } = await ask(open([one, other], 5_000, 30))
    assert.deepEqual(outcome, { said: 'second' })
    assert.deepEqual([tookMs, requests], [130, 2])
    assert.deepEqual([record.attempts, record.cost, record.status, record.fault], [2, { general: 2 }, 200, null])
  })

  test('the first answer counts where it comes first after all', async () => {
    const { outcome, tookMs, requests, record } = await ask(open([one, other], 120, 5_000))
    assert.deepEqual(outcome, { said: 'first' })
    assert.deepEqual([tookMs, requests], [120, 2])
    assert.deepEqual([record.attempts, record.cost, record.status], [2, { general: 2 }, 200])
  })

  test('nothing is asked twice that is answered in time, not declared, a write, or waited for by nobody', async () => {
    const slow = () => open([one, other], 5_000, 30)
    assert.equal((await ask(open([one, other], 90, 1))).requests, 1)
    assert.equal((await ask(slow(), { request: { path: '/other' } })).requests, 1)
    assert.equal((await ask(slow(), { api: { ...hedged, hedges: undefined } })).requests, 1)
    const everything = { ...hedged, hedges: [{ ...hedged.hedges![0]!, call: '* api.acme.example' }] }
    const write = { ...read, method: 'POST', idempotent: true } as const
    assert.equal((await ask(slow(), { api: everything, request: write })).requests, 1)
    assert.equal((await ask(slow(), { lane: 'scheduled' })).requests, 1)
    assert.equal((await ask(slow(), { request: { ...read, idempotent: false } })).requests, 1)
  })

  test('a second request waits for no room', async () => {
    const quota = { ...hedged.quotas![0]!, limit: 2, window: { rollingMs: 1_000 } }
    const world = open([one, one, other], 10, 5_000, 30)
    const { clock, gateway, asked } = world
    const target = testTarget(testProvider({ ...hedged, quotas: [quota] }))
    // There is room again while the first is still on its way, and it goes to whoever comes next.
    await clock.run(() => Promise.all([gateway.call(target, { path: '/other' }), gateway.call(target, read)]))
    assert.equal(asked.length, 2)
  })

  test('beside a first that has not gone out there is no second', async () => {
    const world: TestWorld = openTestWorld([one], {
      latencyMs: 50,
      credentials: {
        async authorize(_target, _as, use) {
          renewed ??= world.clock.sleep(1_000)
          await renewed
          return use({ headers: {}, query: {}, generation: 1 })
        },
      },
    })
    let renewed: Promise<void> | undefined
    const { requests, tookMs } = await ask(world)
    assert.deepEqual([requests, tookMs], [1, 1_050])
  })

  test('trouble of one of them waits for the other, a refusal does not', async () => {
    for (const [script, latencies, expected] of [
      [[503, other], [150, 300], { said: 'second' }],
      [['lost', other], [150, 300], { said: 'second' }],
      [[one, 503], [400, 30], { said: 'first' }],
      [[404, other], [150, 300], 'provider.missing'],
      [[one, 404], [400, 30], 'provider.missing'],
    ] as const) {
      const { outcome, requests } = await ask(open(script, ...latencies))
      assert.deepEqual([outcome, requests], [expected, 2])
    }
  })

  test('after the trouble of both the call is made again, as after that of one', async () => {
    const { outcome, record } = await ask(open([503, 'lost', one], 150, 30, 10))
    assert.deepEqual([outcome, record.attempts], [{ said: 'first' }, 3])
  })

  test('whoever leaves ends both', async () => {
    const { clock, gateway, asked } = open([one, other], 5_000, 5_000)
    const gone = new AbortController()
    const reason = new Error('gone')
    const startedAt = clock.now()
    await clock.run(async () => {
      const call = gateway.call(testTarget(testProvider(hedged)), read, gone.signal)
      call.catch(() => {})
      await clock.sleep(200)
      gone.abort(reason)
      await assert.rejects(call, (error) => error === reason)
    })
    assert.deepEqual([asked.length, clock.now() - startedAt], [2, 200])
  })

  test('second requests add a tenth to the declared reads of a minute at most, and a few where there are few', async () => {
    const { clock, gateway, asked } = openTestWorld([one], { latencyMs: 500 })
    const target = testTarget(testProvider(hedged))
    await clock.run(() =>
      Promise.all(Array.from({ length: 300 }, (_, nth) => gateway.call(target, { path: `/slow/${nth}` }))),
    )
    assert.equal(asked.length, 330)
  })

  test('through the proxy: the answer that came first is passed on, and one record tells of both', async () => {
    const world = open([one, { status: 404, body: { said: 'no' } }], 5_000, 30)
    const { clock, gateway, records } = world
    const request = { method: 'GET', path: '/slow/1', query: '', headers: {} }
    const { status, body } = await clock.run(() => gateway.forward(testTarget(testProvider(hedged)), request))
    assert.deepEqual([status, String(body)], [404, '{"said":"no"}'])
    await clock.run(() => gateway.flush())
    assert.deepEqual(
      records.map(({ attempts, status, cost }) => [attempts, status, cost]),
      [[2, 404, { general: 2 }]],
    )
  })
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type ApiRequest, at, type ErrorRule, type FaultCode, isFault, type Json, type Quota } from '@patchbay/kit'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openTestWorld, type Scripted, testErrors, testProvider, testStart, testTarget } from './test-provider.ts'

const html = { 'content-type': 'text/html' }
const to = (location: string) => ({ status: 302, headers: { location } })

/** What the network and HTTP do to a call, and what comes of a read and of a write: how it ends, after how many requests. */
suite('faults of the network', () => {
  check('F01: a name that is not known, for a moment', ['dns', 'dns', 200], 'ok after 3', 'ok after 3')
  check('F01: a name that is not known', ['dns'], 'provider.unreachable after 5', 'provider.unreachable after 5')
  check('F02: a host that does not listen', ['connect', 200], 'ok after 2', 'ok after 2')
  check('F03: a certificate that is not valid', ['tls'], 'provider.unreachable after 1', 'provider.unreachable after 1')
  check('F04: a connection that breaks before the request is on it', ['connect', 201], 'ok after 2', 'ok after 2')
  check('F05: a connection that breaks before the answer', ['reset', 200], 'ok after 2', 'provider.unsure after 1')
  check('F06: no answer in time', ['timeout', 200], 'ok after 2', 'provider.unsure after 1')
  check('F07: a body a byte at a time', ['timeout'], 'provider.timeout after 5', 'provider.unsure after 1')
  check('F08: a body that ends too early', ['truncated', 200], 'ok after 2', 'provider.unsure after 1')
  check(
    'F09: a body without an end that says where it is',
    [endless('{"a":'), 200],
    'ok after 2',
    'provider.unsure after 1',
  )
  check('F10: compressed and cut off', ['truncated', 200], 'ok after 2', 'provider.unsure after 1')
  check('F11: compressed with a wrong checksum', ['encoding'], 'provider.changed after 1', 'provider.unsure after 1')
  check('F12: plain though it says compressed', ['encoding'], 'provider.changed after 1', 'provider.unsure after 1')
  check(
    'F12: compressed though it says plain',
    [{ status: 200, text: Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]) }],
    ...['provider.changed after 1', 'provider.unsure after 1'],
  )
  check(
    'F13: more than its length',
    [{ status: 200, text: '{"a":1}{"b":2}' }],
    'provider.changed after 1',
    'provider.unsure after 1',
  )
  check(
    'F14: a page for people',
    [{ status: 200, text: '<html>Sign in</html>', headers: html }, 200],
    'ok after 2',
    'provider.unsure after 1',
  )
  check(
    'F15: nothing where there should be something',
    [{ status: 200, text: '' }],
    'provider.changed after 1',
    'ok after 1',
  )
  check('F15: nothing, and it says so', [{ status: 204, text: '' }], 'ok after 1', 'ok after 1')
  for (const text of ['{"a":NaN}', '{"a":1,}', "{'a':1}", Buffer.from('{"a":"ü"}', 'latin1')])
    check(`F16: no JSON: ${text}`, [{ status: 200, text }], 'provider.changed after 1', 'provider.unsure after 1')
  check('F16: a byte order mark', [{ status: 200, text: '\ufeff{"a":1}' }], 'ok after 1', 'ok after 1')
  for (const location of ['https://evil.example/x', 'http://api.acme.example/v1/x', 'http://169.254.169.254/'])
    check(`F18: sent on to ${location}`, [to(location)], 'provider.changed after 1', 'provider.unsure after 1')
  check('F18: sent round in a circle', [to('/v1/x')], 'provider.changed after 4', 'provider.unsure after 1')
  check('F19: a part that nobody asked for', [206], 'provider.changed after 1', 'provider.unsure after 1')
  check(
    'F19: unchanged, to nobody who asked',
    [{ status: 304, text: '' }],
    'provider.changed after 1',
    'provider.unsure after 1',
  )
  check('F20: too large', ['too_large'], 'provider.changed after 1', 'provider.unsure after 1')
  check(
    'F20: too deep',
    [{ status: 200, text: '['.repeat(100_000) }],
    'provider.changed after 1',
    'provider.unsure after 1',
  )
  check(
    'F21: a firewall’s page',
    [{ status: 403, text: '<html>Checking</html>', headers: html }],
    'provider.down after 1',
    'provider.down after 1',
  )
  check('F22: a connection closed while it was idle', ['reset', 200], 'ok after 2', 'provider.unsure after 1')

  test('F02: ten in a row, and the host has a rest', async () => {
    const { clock, gateway, asked } = openTestWorld(['connect'])
    const target = testTarget(testProvider(), { patienceMs: 0 })
    const ended: unknown[] = []
    await clock.run(async () => {
      for (let nth = 0; nth < 20; nth++)
        await gateway.call(target, { path: '/x' }).catch((error) => ended.push(error.detail.reason))
    })
    assert.equal(asked.length, 10)
    assert.deepEqual(ended.slice(10), Array(10).fill('resting'))
  })

  test('F21: a firewall says nothing about a credential', async () => {
    const { clock, gateway, refused } = openTestWorld([{ status: 403, text: '<html>Checking</html>', headers: html }])
    await clock.run(() => gateway.call(testTarget(testProvider()), { path: '/x' }).catch(() => {}))
    assert.deepEqual(refused, [])
  })

  test('F23: a write that is made again carries the same key', async () => {
    const { clock, gateway, asked } = openTestWorld(['reset', 500, 201])
    const request = {
      method: 'POST',
      path: '/x',
      body: {},
      idempotent: true,
      headers: { 'idempotency-key': 'k' },
    } as const
    await clock.run(() => gateway.call(testTarget(testProvider()), request))
    assert.deepEqual(
      asked.map(({ request }) => request.headers['idempotency-key']),
      ['k', 'k', 'k'],
    )
  })

  test('F25: a wait is counted by the clock that named it, however wrong that is', async () => {
    for (const skewMs of [-3_600_000, 0, 3_600_000]) {
      const { clock, gateway, asked } = openTestWorld([
        (_request, now) => ({
          status: 503,
          headers: {
            date: new Date(now + skewMs).toUTCString(),
            'retry-after': new Date(now + skewMs + 7_000).toUTCString(),
          },
        }),
        200,
      ])
      await clock.run(() => gateway.call(testTarget(testProvider()), { path: '/x' }))
      const waitedMs = asked[1]!.at - asked[0]!.at
      assert.ok(waitedMs >= 7_000 && waitedMs < 9_000, `${waitedMs} ms`)
    }
  })
})

/** What a platform means by an answer, and what comes of it. */
suite('faults of the provider', () => {
  const example = { status: 403, body: null }
  const pacific = 'America/Los_Angeles'
  const rules: ErrorRule[] = [
    { reason: 'quotaExceeded', is: 'provider.exhausted', quota: 'units', wait: { untilMidnight: pacific }, example },
    { reason: 'rateLimitExceeded', is: 'provider.throttled', wait: { ms: 10_000 }, example },
    { reason: 'insufficientPermissions', is: 'connection.scopes', example },
  ]
  const errors = { ...testErrors, rules }
  const said = (status: number, reason: string, more: Record<string, Json> = {}) => ({
    status,
    body: { error: { reason }, ...more },
  })
  const units: Quota = { id: 'units', per: 'app', limit: 10_000, window: { day: pacific }, source: 'test' }

  for (const [reason, code] of [
    ['quotaExceeded', 'provider.exhausted'],
    ['rateLimitExceeded', 'provider.throttled'],
    ['insufficientPermissions', 'connection.scopes'],
    ['privateVideo', 'provider.forbidden'],
  ])
    test(`F28: a 403 that says ${reason} is ${code}, and no credential is suspected`, async () => {
      const { clock, gateway, refused, asked } = openTestWorld([said(403, reason!)])
      const target = testTarget(testProvider({ errors, quotas: [units] }), { patienceMs: 5_000 })
      await clock.run(() =>
        assert.rejects(gateway.call(target, { path: '/x' }), (error) => isFault(error, code as FaultCode)),
      )
      assert.deepEqual([refused, asked.length], [[], 1])
    })

  test('F28, F36: a day’s quota that ran out is waited for until midnight where it is counted, on days of 23 and 25 hours too', async () => {
    for (const [now, midnight] of [
      ['2026-03-08T09:00:00Z', '2026-03-09T07:00:00Z'],
      ['2026-03-08T07:30:00Z', '2026-03-08T08:00:00Z'],
      ['2026-11-01T07:30:00Z', '2026-11-02T08:00:00Z'],
      ['2026-11-02T07:59:00Z', '2026-11-02T08:00:00Z'],
    ] as const)
      for (const answer of [said(403, 'quotaExceeded'), said(429, 'other')]) {
        const clock = new SimulatedClock(Date.parse(now))
        const { gateway, asked } = openTestWorld([answer, 200], { clock })
        // Where the table names no wait, it is the end of the window that says how long.
        const other: ErrorRule = { reason: 'other', is: 'provider.exhausted', example }
        const provider = testProvider({ errors: { ...testErrors, rules: [...rules, other] }, quotas: [units] })
        await clock.run(async () => {
          await assert.rejects(gateway.call(testTarget(provider, { patienceMs: 0 }), { path: '/x' }))
          await gateway.call(testTarget(provider, { patienceMs: 26 * 3_600_000 }), { path: '/x' })
        })
        assert.equal(asked.length, 2)
        const late = asked[1]!.at - Date.parse(midnight)
        assert.ok(late >= 0 && late < 60_000, `${now}: ${late} ms after midnight`)
      }
  })

  test('F31: an error that calls itself a success is the error, whatever data comes beside it', async () => {
    const envelopes: [Json, Partial<ErrorRule>, (body: Json) => boolean][] = [
      [
        { error: { type: 'Exception', message: 'Quota limit exceeded', code: 4 } },
        { reason: '4' },
        (body) => at(body, 'error') !== undefined,
      ],
      [{ ok: false, error: 'ratelimited' }, { reason: 'ratelimited' }, (body) => at(body, 'ok') === false],
      [
        { data: { me: { fans: 3 }, posts: null }, errors: [{ message: 'THROTTLED' }] },
        { reason: 'THROTTLED' },
        (body) => Array.isArray(at(body, 'errors')),
      ],
      [
        [
          { code: 200, body: '{}' },
          { code: 429, body: '{}' },
        ],
        { reason: '429' },
        (body) => Array.isArray(body) && body.some((one) => Number(at(one, 'code')) >= 400),
      ],
    ]
    for (const [body, rule, failed] of envelopes) {
      const { clock, gateway, asked } = openTestWorld([{ status: 200, body }, 200])
      const read = (of: Json) => ({
        reason: [at(of, 'error', 'code'), at(of, 'error'), at(of, 'errors', 0, 'message'), at(of, 1, 'code')]
          .filter((each) => typeof each === 'string' || typeof each === 'number')
          .map(String)[0],
      })
      const rules = [{ ...rule, is: 'provider.throttled' as const, example: { status: 200, body: null } }]
      const provider = testProvider({ errors: { read, rules, failed } })
      const answer = await clock.run(() => gateway.call(testTarget(provider), { path: '/x' }))
      assert.deepEqual([answer.body, asked.length], [{}, 2], JSON.stringify(body))
    }
  })

  test('F32: nobody comes back sooner than was asked, and not all in the same moment', async () => {
    for (const [header, leastMs] of [
      ['30', 30_000],
      ['7.5', 7_500],
      ['0', 1_000],
      ['-20', 1_000],
      ['99999999', 86_400_000],
      [new Date(testStart + 40_000).toUTCString(), 39_000],
      [undefined, 1_000],
    ] as const) {
      const waits = new Set<number>()
      for (const seed of ['a', 'b', 'c', 'd', 'e']) {
        const headers = header === undefined ? undefined : { 'retry-after': header }
        const { clock, gateway, asked } = openTestWorld([{ status: 429, headers }, 200], { seed })
        await clock.run(() => gateway.call(testTarget(testProvider(), { patienceMs: 2 * 86_400_000 }), { path: '/x' }))
        const waitedMs = asked[1]!.at - asked[0]!.at
        assert.ok(waitedMs >= leastMs && waitedMs <= leastMs * 1.1 + 2_000, `${header}: ${waitedMs} ms`)
        waits.add(waitedMs)
      }
      assert.equal(waits.size, 5, `${header}: ${[...waits]}`)
    }
  })

  for (const status of [500, 502, 504, 520, 521, 522, 523, 524, 525, 526])
    check(`F34: ${status}`, [status, 200], 'ok after 2', 'provider.unsure after 1')
  for (const status of [503, 529]) check(`F34: ${status}`, [status, 201], 'ok after 2', 'provider.down after 1')

  test('F34: a platform that goes on failing is left alone, and asked by one call at a time when the rest is over', async () => {
    for (const status of [500, 520, 529]) {
      const { clock, gateway, asked } = openTestWorld([status])
      const target = testTarget(testProvider(), { patienceMs: 0 })
      await clock.run(async () => {
        for (let nth = 0; nth < 300; nth++) {
          await gateway.call(target, { path: '/x' }).catch(() => {})
          await clock.sleep(1_000)
        }
      })
      assert.ok(asked.length < 25, `${asked.length} of 300 calls in five minutes were sent`)
    }
  })

  // A timeout of the platform's own may have done it; "too early" and a conflict did not.
  check('F35: 408', [408, 200], 'ok after 2', 'provider.unsure after 1')
  check('F35: 425', [425, 200], 'ok after 2', 'provider.down after 1')
  check('F35: 409', [409, 200], 'provider.rejected after 1', 'provider.rejected after 1')

  test('F35: a refusal of what was asked a second time does not say what became of the first', async () => {
    const keyed = { method: 'POST', path: '/x', body: {}, idempotent: true } as const
    const ends = async (script: readonly Scripted[], request: ApiRequest) => {
      const { clock, gateway, asked } = openTestWorld(script)
      const call = gateway.call(testTarget(testProvider()), request)
      const ended = await clock.run(() =>
        call.then(
          () => 'ok',
          (error) => (isFault(error) ? error.code : assert.fail(error)),
        ),
      )
      return `${ended} after ${asked.length}`
    }
    for (const lost of ['lost', 'timeout', 408, 502] as const) {
      assert.equal(await ends([lost, 409], keyed), 'provider.unsure after 2', `${lost}`)
      assert.equal(await ends([lost, 412], { method: 'PUT', path: '/x' }), 'provider.unsure after 2', `${lost}`)
      assert.equal(await ends([lost, 404], { method: 'DELETE', path: '/x' }), 'provider.unsure after 2', `${lost}`)
    }
    // Nothing was done before it: the refusal is the whole truth.
    for (const before of ['connect', 503, 429] as const)
      assert.equal(await ends([before, 409], keyed), 'provider.rejected after 2', `${before}`)
    assert.equal(await ends(['lost', 404], { path: '/x' }), 'provider.missing after 2')
    assert.equal(await ends(['lost', 400], keyed), 'provider.rejected after 2')
  })

  test('F37: a call costs what its method costs, also when it is refused', async () => {
    const costs = [
      { call: 'GET api.acme.example/v1/search', takes: { units: 100 } },
      { call: 'POST api.acme.example/v1/videos', takes: { units: 1_600 } },
    ]
    const { clock, gateway, limiter } = openTestWorld([400])
    const http = gateway.http(testTarget(testProvider({ quotas: [units], costs })))
    await clock.run(async () => {
      for (const request of [{ path: '/search' }, { path: '/videos', method: 'POST' }, { path: '/me' }] as const)
        await assert.rejects(http(request))
    })
    // What no line of the table names takes nothing of a quota that only its lines name.
    assert.deepEqual(http.spent, { calls: 3, cost: { units: 1_700 } })
    assert.equal((await limiter.usage('acme/', clock.now()))[0]?.used, 1_700)
  })
})

/** No length, no chunks: only the connection ends. */
function endless(text: string): Scripted {
  return { status: 200, text, headers: { 'content-length': undefined as never } }
}

function check(title: string, script: readonly Scripted[], read: string, write: string) {
  test(title, async () => {
    for (const [request, expected] of [
      [{ method: 'GET' }, read],
      [{ method: 'POST', body: {} }, write],
    ] as const) {
      const { clock, gateway, asked } = openTestWorld(script)
      const call = { path: '/x', ...request } as ApiRequest
      const ended = await clock.run(() =>
        gateway.call(testTarget(testProvider()), call).then(
          () => 'ok',
          (error: unknown) => {
            if (!isFault(error)) throw error
            return error.code
          },
        ),
      )
      assert.equal(`${ended} after ${asked.length}`, expected, request.method)
    }
  })
}

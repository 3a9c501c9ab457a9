import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type ApiRequest, isFault } from '@patchbay/kit'
import { openTestWorld, type Scripted, testProvider, testTarget } from './test-provider.ts'

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

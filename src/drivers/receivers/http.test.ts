import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { type TestContext, test } from 'node:test'
import type { WireLimits } from '../../ports/network.ts'
import { openHttpServer } from '../network/test-server.ts'
import { openHttpReceivers } from './http.ts'

async function open(
  t: TestContext,
  listener: RequestListener,
  more: Partial<Parameters<typeof openHttpReceivers>[0]> = {},
) {
  const server = await openHttpServer(listener)
  const receivers = openHttpReceivers({ allow: [], loopback: true, ...more })
  t.after(async () => {
    await receivers.close()
    await server.close()
  })
  const post = (path = '/', mode: 'test' | 'live' = 'test') =>
    receivers.post(mode, { url: `${server.origin}${path}`, headers: { 'webhook-id': 'evt_1' }, body: '{"n":1}' })
  return { server, receivers, post }
}

test('what a receiver answers is told, with the beginning of its body, and the connection serves again', async (t) => {
  const got: string[] = []
  const { server, post } = await open(t, async (request, response) => {
    for await (const piece of request) got.push(`${request.method} ${request.headers['webhook-id']} ${piece}`)
    response.writeHead(503, { 'retry-after': '120' }).end(`\0no${'.'.repeat(9000)}`)
  })
  const answer = await post()
  assert.deepEqual([answer.status, answer.retryAfter, answer.text.length], [503, '120', 999])
  assert.match(answer.text, /^no\.+$/)
  for (let n = 0; n < 9; n++) await post()
  assert.deepEqual(got, Array(10).fill('POST evt_1 {"n":1}'))
  // The last byte is told before its connection is free.
  assert.ok(server.connections() <= 2, `${server.connections()} connections`)
})

test('T38: a redirect is not followed', async (t) => {
  let inner = 0
  const { post } = await open(t, (request, response) => {
    if (request.url === '/inner') inner++
    response.writeHead(307, { location: '/inner' }).end()
  })
  assert.equal((await post()).status, 307)
  assert.equal(inner, 0)
})

test('T38: an answer without end, or one that drips, is cut off, and its status counts', async (t) => {
  const { post } = await open(
    t,
    (request, response) => {
      response.writeHead(200)
      if (request.url === '/drip') response.write('a')
      else for (let n = 0; n < 20; n++) response.write('x'.repeat(64 * 1024))
    },
    { limits: { idleMs: 50 } },
  )
  assert.equal((await post('/flood')).text.length, 1000)
  assert.deepEqual((await post('/drip')).text, 'a')
})

test('T38: one that never answers is given up', async (t) => {
  const limits: Partial<WireLimits> = { firstByteMs: 50 }
  const { post } = await open(t, () => {}, { limits })
  await assert.rejects(post(), { kind: 'timeout', sent: true })
})

test('this machine takes events of `test` where that is allowed, and of `live` only where the operator lists it', async (t) => {
  let asked = 0
  const { server, receivers, post } = await open(t, (_, response) => {
    asked++
    response.end()
  })
  assert.equal((await post('/', 'test')).status, 200)
  const blocked = { kind: 'blocked', sent: false }
  await assert.rejects(post('/', 'live'), blocked)
  const addresses = [
    server.origin,
    'https://10.0.0.1/',
    'https://169.254.169.254/',
    'http://example.com/',
    'https://example.com:8443/',
  ]
  for (const url of [...addresses, 'https://user:pass@example.com/', 'ftp://example.com/', 'nonsense'])
    assert.throws(() => receivers.check('live', url), blocked, url)
  receivers.check('live', 'https://example.com/in')
  receivers.check('test', 'http://localhost:3000/in')
  assert.throws(() => receivers.check('test', 'http://192.168.0.1:3000/in'), blocked)
  const listed = await open(t, (_, response) => response.end(), {
    loopback: false,
    allow: [new URL(server.origin).host],
  })
  assert.equal((await listed.receivers.post('live', { url: server.origin, headers: {}, body: '' })).status, 200)
  await assert.rejects(listed.post('/', 'test'), blocked)
  assert.equal(asked, 2)
})

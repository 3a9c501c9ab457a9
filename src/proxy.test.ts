import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { type IncomingMessage, request as sendRequest } from 'node:http'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { ResponseCache } from './ports/response-cache.ts'
import { type Front, type Handler, openFront } from './test-front.ts'
import { consentProvider, startTestServer, type TestServer, until } from './test-server.ts'

const base = new URL(consentProvider.api.baseUrl)
const megabyte = 1024 * 1024

let server: TestServer
let front: Front
let connection: string
before(async () => {
  server = await startTestServer({
    front: async (sandboxUrl) => {
      front = await openFront(sandboxUrl, base)
      return front
    },
  })
  connection = (await server.connect(consentProvider)).id
  await server.ageGrants()
})
after(() => server.stop())

const proxied = (name: string, id = connection) => `/v1/proxy/${id}/x-test/${name}`

test('status, headers and bytes come as the provider sent them', async () => {
  const text = '{"id":9007199254740993, "ratio":1.0,"big":123456789012345678901234567890,"é":"\\u00e9"}\n'
  const bytes = await ask('GET', proxied('exact'), (reply) =>
    reply
      .writeHead(206, {
        'content-type': 'application/vnd.made-up+json',
        etag: '"a"',
        'x-own': 'a, b',
        ratelimit: '"theirs";r=1',
      })
      .end(text),
  )
  assert.equal(bytes.status, 206)
  assert.equal(bytes.body.toString(), text)
  assert.equal(bytes.headers['content-type'], 'application/vnd.made-up+json')
  assert.deepEqual(
    [bytes.headers.etag, bytes.headers['x-own'], bytes.headers.ratelimit],
    ['"a"', 'a, b', '"theirs";r=1'],
  )
  assert.equal(bytes.headers['patchbay-fault'], undefined)
  assert.match(bytes.headers['x-request-id'] as string, /^req_/)

  const noise = randomBytes(100_000)
  const raw = await ask('GET', proxied('noise'), (reply) =>
    reply.writeHead(200, { 'content-type': 'image/png' }).end(noise),
  )
  assert.ok(raw.body.equals(noise))
  const empty = await ask('DELETE', proxied('empty'), (reply) => reply.writeHead(204).end())
  assert.deepEqual([empty.status, empty.body.length], [204, 0])
  assert.equal((await ask('GET', proxied('same'), (reply) => reply.writeHead(304, { etag: '"b"' }).end())).status, 304)
})

test('what is short comes as it was sent, and says no more than the provider did', async () => {
  const say = (name: string, bytes: Buffer, headers: Record<string, string> = {}) =>
    ask('GET', proxied(name), (reply) =>
      reply.writeHead(200, { ...headers, 'content-length': bytes.length }).end(bytes),
    )
  const text = await say('short-text', Buffer.from('{"é":1}'), {
    'content-type': 'application/json',
    'x-request-id': 'theirs',
  })
  assert.equal(text.body.toString(), '{"é":1}')
  assert.deepEqual([text.headers['content-type'], text.headers['content-length']], ['application/json', '8'])
  assert.equal(text.headers['transfer-encoding'], undefined)
  assert.match(text.headers['x-request-id'] as string, /^req_/)
  const noise = Buffer.from([0xff, 0x00, 0xc3])
  const bytes = await say('short-bytes', noise)
  assert.ok(bytes.body.equals(noise))
  assert.equal(bytes.headers['content-type'], undefined)
  const nothing = await say('short-nothing', Buffer.alloc(0))
  assert.deepEqual([nothing.body.length, nothing.headers['content-length']], [0, '0'])
})

test('a HEAD is one, and says how long the body would be', async () => {
  const methods: string[] = []
  const say = (name: string, headers: Record<string, string>, status = 200) =>
    ask('HEAD', proxied(name), (reply, request) => {
      methods.push(request.method ?? '')
      reply.writeHead(status, headers).end()
    })
  const whole = await say('head', { 'content-type': 'video/mp4', 'content-length': '123456789', etag: '"a"' })
  assert.deepEqual(
    [
      whole.status,
      whole.body.length,
      whole.headers['content-length'],
      whole.headers['content-type'],
      whole.headers.etag,
    ],
    [200, 0, '123456789', 'video/mp4', '"a"'],
  )
  // What a GET would be passed on as has no length that is known before it is unpacked.
  assert.equal(
    (await say('head-gzip', { 'content-encoding': 'gzip', 'content-length': '20' })).headers['content-length'],
    undefined,
  )
  assert.deepEqual((await say('head-gone', {}, 410)).status, 410)
  assert.deepEqual(methods, ['HEAD', 'HEAD', 'HEAD'])
})

test('how long a body is goes along with it, both ways', async () => {
  const noise = randomBytes(300_000)
  const down = await ask('GET', proxied('long'), (reply) =>
    reply.writeHead(200, { 'content-length': noise.length }).end(noise),
  )
  assert.deepEqual(
    [down.headers['content-length'], down.headers['transfer-encoding']],
    [String(noise.length), undefined],
  )
  assert.ok(down.body.equals(noise))
  front.answers.set('sized', (reply, request) => request.resume().once('end', () => reply.writeHead(201).end('{}')))
  const up = await server.ask('POST', proxied('sized'), { body: { text: 'of a known length' } })
  assert.equal(up.status, 201)
  const { headers } = front.last('sized')
  assert.deepEqual([headers['content-length'], headers['transfer-encoding']], ['28', undefined])
  const { json } = await server.ask('GET', `/v1/calls?connection=${connection}&limit=200`)
  const call = json.data.find(({ address }: { address: string }) => address.endsWith('/sized'))
  assert.equal(call.requestBytes, 28)
})

test('a short answer without its end is none, and the platform’s', async () => {
  front.answers.set('cut', (reply) => {
    reply.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 })
    reply.write('{"a":', () => reply.destroy())
  })
  const cut = await server.ask('GET', proxied('cut'))
  assert.deepEqual([cut.headers.get('patchbay-fault'), cut.json.code], ['provider.unreachable', 'provider.unreachable'])
  const { json } = await server.ask('GET', `/v1/calls?connection=${connection}&limit=200`)
  const call = json.data.find(({ address }: { address: string }) => address.endsWith('/cut'))
  assert.deepEqual([call.status, call.fault], [200, 'provider.unreachable'])
})

test('what came compressed is passed on unpacked, and says so', async () => {
  const text = JSON.stringify({ text: 'compressed '.repeat(1000) })
  const answer = await ask('GET', proxied('gzip'), (reply) =>
    reply.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(gzipSync(text)),
  )
  assert.equal(answer.body.toString(), text)
  assert.equal(answer.headers['content-encoding'], undefined)
})

test('errors are the provider’s own, body and all', async () => {
  for (const status of [400, 403, 404, 409, 410, 418, 422]) {
    const body = `{"theirs":${status}}`
    const answer = await ask('GET', proxied(`error-${status}`), (reply) =>
      reply.writeHead(status, { 'content-type': 'application/json' }).end(body),
    )
    assert.deepEqual(
      [answer.status, answer.body.toString(), answer.headers['patchbay-fault']],
      [status, body, undefined],
    )
  }
  assert.equal((await server.client().connections.read({ id: connection })).state, 'healthy')
})

test('T19: a redirect is passed on and not followed', async () => {
  const answer = await ask('GET', proxied('moved'), (reply) =>
    reply.writeHead(302, { location: 'https://elsewhere.example/x' }).end(),
  )
  assert.deepEqual([answer.status, answer.headers.location], [302, 'https://elsewhere.example/x'])
  assert.ok(front.seen.every(({ url }) => !url.includes('elsewhere')))
})

test('T22: a caller cannot say who asks, where to, or how it is framed', async () => {
  const sent = {
    ...{
      'x-forwarded-for': '1.2.3.4',
      'x-forwarded-host': 'evil.example',
      forwarded: 'for=1.2.3.4',
      'x-real-ip': '1.2.3.4',
    },
    ...{
      cookie: 'a=b',
      'proxy-authorization': 'Basic eA==',
      'x-api-key': 'mine',
      'x-goog-api-key': 'mine',
      via: '1.1 evil',
      origin: 'https://evil.example',
    },
    ...{
      te: 'trailers',
      upgrade: 'h2c',
      connection: 'keep-alive, x-own',
      'x-own': 'hop',
      'x-http-method-override': 'DELETE',
      'user-agent': 'curl',
    },
    ...{ 'accept-language': 'de', 'if-none-match': '"x"', 'x-request-id': 'mine-1', accept: 'text/csv' },
  }
  await ask('GET', proxied('headers'), (reply) => reply.end('{}'), { headers: sent })
  const { headers } = front.last('headers')
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
  assert.ok(
    server.sandbox.grants.list().some(({ accessTokens }) => accessTokens.includes(token ?? '')),
    'the account’s token',
  )
  for (const name of Object.keys(sent).slice(0, -4)) {
    if (['connection', 'user-agent'].includes(name)) continue
    assert.equal(headers[name], undefined, name)
  }
  assert.match(headers['user-agent'] ?? '', /Patchbay/)
  assert.deepEqual(
    [headers['accept-language'], headers['if-none-match'], headers['x-request-id'], headers.accept],
    ['de', '"x"', 'mine-1', 'text/csv'],
  )
  assert.ok(!JSON.stringify(headers).includes(server.keys.test))
})

test('T22: nothing of our own goes out: what a caller did not send and no manifest sets is not there', async () => {
  const ours = {
    ...{ traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'a=b', baggage: 'user=1' },
    ...{
      'x-b3-traceid': '1',
      'patchbay-max-age': '0',
      'x-patchbay-environment': 'env_1',
      'cache-control': 'max-age=0',
    },
  }
  await ask('GET', proxied('plain'), (reply) => reply.end('{}'), { headers: ours })
  const expected = ['accept', 'accept-encoding', 'authorization', 'connection', 'host', 'user-agent']
  const fixed = Object.keys(consentProvider.api.headers ?? {}).map((name) => name.toLowerCase())
  assert.deepEqual(Object.keys(front.last('plain').headers).sort(), [...new Set([...expected, ...fixed])].sort())
})

test('what browsers make of an answer stays ours to say', async () => {
  const answer = await ask('GET', proxied('page'), (reply) =>
    reply
      .writeHead(200, {
        ...{
          'content-type': 'text/html',
          'content-security-policy': "script-src 'unsafe-inline'",
          'x-frame-options': 'ALLOWALL',
        },
        ...{
          'set-cookie': 'patchbay.session_token=theirs',
          'access-control-allow-origin': '*',
          'access-control-allow-credentials': 'true',
        },
        ...{
          'service-worker-allowed': '/',
          'clear-site-data': '"*"',
          refresh: '0; url=https://evil.example',
          'x-content-type-options': 'sniff',
        },
      })
      .end('<script>alert(1)</script>'),
  )
  const { headers } = answer
  assert.match(headers['content-security-policy'] as string, /^default-src 'none'/)
  assert.deepEqual([headers['x-frame-options'], headers['x-content-type-options']], ['DENY', 'nosniff'])
  for (const name of [
    'set-cookie',
    'access-control-allow-origin',
    'access-control-allow-credentials',
    'service-worker-allowed',
    'clear-site-data',
    'refresh',
  ])
    assert.equal(headers[name], undefined, name)
})

test('T20: no path leads out of the provider’s address', async () => {
  const before = front.seen.length
  const tricks = [
    ...[
      '//evil.example/x',
      '/\\evil.example',
      '\\evil.example',
      '/@evil.example',
      '@evil.example/',
      '.evil.example/x',
      ':443@evil.example/',
    ],
    ...[
      '/https://evil.example/',
      '/https:/evil.example',
      '/..',
      '/../x',
      '/../../x',
      '/a/../../x',
      '/./../x',
      '/%2e%2e/x',
      '/%2E%2E/%2e%2e/x',
      '/.%2e/x',
    ],
    ...[
      '/a/%2e%2e/%2e%2e/x',
      '/a%2f..%2f..%2fx',
      '/%2f%2fevil.example',
      '/..%2fx',
      '/..%5cx',
      '/%5c%5cevil.example',
      '/a/..;/x',
      '/%2e%2e;/x',
    ],
    ...[
      '/%00',
      '/a%0d%0aHost:%20evil.example',
      '/a%0aX: y',
      '/%',
      '/%zz',
      '/%c0%ae%c0%ae/x',
      '/%ff',
      '/a//b',
      '/a///',
      '/%09/evil',
      '/%20/../x',
    ],
    ...[
      '/%252e%252e/x',
      '/a?x#/../..',
      '/a#frag',
      '/?@evil.example',
      '/a;@evil.example',
      '/[::1]',
      '/%u002e',
      '/a\u00ad/..',
      '/\u3002\u3002/x',
    ],
  ]
  for (const trick of tricks) {
    const path = `/v1/proxy/${connection}${Buffer.from(trick).toString('latin1')}`
    const { status } = await ask('GET', path, (reply) => reply.end('{}')).catch(() => ({ status: 400 }))
    assert.ok(status === 200 || (status >= 400 && status < 500), `${trick} → ${status}`)
  }
  for (const { url } of front.seen.slice(before)) {
    assert.ok(url.startsWith(`/${base.host}${base.pathname}`), url)
    assert.ok(!/\/(\.|%2e){2}(\/|%2f|%5c|$)/i.test(url.split('?')[0]!), url)
  }
  // However the id is written, what follows it is the path.
  const odd = await ask('GET', `/v1/proxy/${connection.replace('_', '%5f')}/x-test/encoded?q=a%2Fb+c&q=%7e`, (reply) =>
    reply.end('{}'),
  )
  assert.equal(odd.status, 200)
  assert.equal(front.last('encoded').url, `/${base.host}${base.pathname}/x-test/encoded?q=a%2Fb+c&q=%7e`)
})

test('T21: another environment’s connection is as unknown as one that never was, and nothing is sent', async () => {
  // What is read by schedule goes its own way meanwhile.
  const sent = () => front.seen.filter(({ url }) => url.includes('/x-test/')).length
  const before = sent()
  const answers = []
  for (const [id, key] of [
    [connection, server.keys.other],
    ['con_nothing', server.keys.other],
    [connection, server.keys.live],
    ['%00', server.keys.test],
    ['a b', server.keys.test],
    ['x'.repeat(200), server.keys.test],
  ] as const) {
    const { status, json, headers } = await server.ask('GET', `/v1/proxy/${id}/x-test/theirs`, { key })
    assert.equal(headers.get('patchbay-fault'), 'input.unknown')
    const { requestId: _, ...rest } = json
    answers.push({ status, ...rest })
  }
  for (const answer of answers) assert.deepEqual(answer, answers[0])
  assert.equal(answers[0]?.status, 404)
  assert.equal(sent(), before)
})

test('`x-patchbay-host` chooses among the provider’s named hosts and no others', async () => {
  const [name, address] = Object.entries(consentProvider.api.hosts ?? {})[0]!
  const answer = await ask('GET', proxied('named'), (reply) => reply.end('{}'), {
    headers: { 'x-patchbay-host': name },
  })
  assert.equal(answer.status, 200)
  assert.equal(front.last('named').url, `/${address.replace('https://', '')}/x-test/named`)
  for (const host of ['evil.example', base.host, '', '__proto__', 'constructor', `https://${base.host}`]) {
    const refused = await server.ask('GET', proxied('other-host'), { headers: { 'x-patchbay-host': host } })
    assert.deepEqual([refused.status, refused.headers.get('patchbay-fault')], [422, 'input.invalid'], host)
  }
})

test('a client that goes away ends the call to the provider', async () => {
  let [began, ended] = [false, false]
  front.answers.set('endless', (reply) => {
    began = true
    reply.on('close', () => {
      ended = true
    })
    reply.writeHead(200).write('{')
  })
  const gone = new AbortController()
  const answer = await fetch(server.url + proxied('endless'), {
    headers: { authorization: `Bearer ${server.keys.test}` },
    signal: gone.signal,
  })
  assert.equal(answer.status, 200)
  assert.ok(began)
  gone.abort()
  await until(() => ended, 3_000)

  // Also before there is an answer.
  ;[began, ended] = [false, false]
  front.answers.set('silent', (reply) => {
    began = true
    reply.on('close', () => {
      ended = true
    })
  })
  const early = new AbortController()
  const waiting = fetch(server.url + proxied('silent'), {
    headers: { authorization: `Bearer ${server.keys.test}` },
    signal: early.signal,
  })
  await until(() => began, 3_000)
  early.abort()
  await assert.rejects(waiting)
  await until(() => ended, 3_000)
})

test('twenty megabytes go down, no faster than they are read', async () => {
  let written = 0
  const piece = randomBytes(64 * 1024)
  front.answers.set('big', async (reply) => {
    reply.writeHead(200, { 'content-type': 'application/octet-stream' }).setMaxListeners(0)
    while (written < 20 * megabyte && !reply.destroyed) {
      written += piece.length
      if (!reply.write(piece)) await new Promise((resolve) => reply.once('drain', resolve).once('close', resolve))
    }
    reply.end()
  })
  const response = await rawRequest('GET', proxied('big'))
  await settled(() => written)
  const ahead = written
  let read = 0
  for await (const bytes of response) read += bytes.length
  assert.equal(read, 20 * megabyte)
  assert.ok(ahead < 16 * megabyte, `${ahead} bytes were taken from the provider while nobody read`)
})

test('twenty megabytes go up, no faster than they are taken', async () => {
  const piece = randomBytes(64 * 1024)
  const [sent, received] = [createHash('sha256'), createHash('sha256')]
  let goOn = () => {}
  front.answers.set('upload', async (reply, request) => {
    await new Promise<void>((resolve) => {
      goOn = resolve
    })
    for await (const bytes of request) received.update(bytes)
    reply.writeHead(201, { 'content-type': 'application/json' }).end('{"took":"it"}')
  })
  let written = 0
  const request = openRequest('PUT', proxied('upload'), { 'content-type': 'video/mp4', 'transfer-encoding': 'chunked' })
  const answered = new Promise<IncomingMessage>((resolve, reject) =>
    request.once('response', resolve).once('error', reject),
  )
  const sending = (async () => {
    while (written < 20 * megabyte) {
      written += piece.length
      sent.update(piece)
      if (!request.write(piece)) await new Promise((resolve) => request.once('drain', resolve))
    }
    request.end()
  })()
  await until(() => front.seen.some(({ url }) => url.endsWith('/upload')))
  await settled(() => written)
  const ahead = written
  goOn()
  await sending
  const response = await answered
  assert.deepEqual([response.statusCode, (await readAll(response)).toString()], [201, '{"took":"it"}'])
  assert.equal(received.digest('hex'), sent.digest('hex'))
  assert.ok(ahead < 16 * megabyte, `${ahead} bytes were taken from the client while nobody wanted them`)
  assert.equal(front.last('upload').headers['content-type'], 'video/mp4')
})

test('identical reads at the same time are one call, and who leaves ends nobody else’s', async () => {
  let calls = 0
  let goOn = () => {}
  const waiting = new Promise<void>((resolve) => {
    goOn = resolve
  })
  front.answers.set('shared', async (reply) => {
    calls++
    await waiting
    reply.writeHead(200, { 'content-type': 'application/json' }).end('{"shared":true}')
  })
  const leaver = openRequest('GET', proxied('shared'))
  leaver.on('error', () => {}).end()
  await until(() => calls === 1)
  const others = [1, 2, 3].map(() => rawRequest('GET', proxied('shared')))
  const own = rawRequest('GET', proxied('shared'), { 'cache-control': 'no-cache' })
  await until(() => calls === 2)
  leaver.destroy()
  await settled(() => calls)
  goOn()
  for (const response of await Promise.all(others)) {
    assert.equal((await readAll(response)).toString(), '{"shared":true}')
    assert.equal(response.headers['cache-status'], 'patchbay; fwd=bypass; collapsed')
  }
  assert.equal((await own).headers['cache-status'], undefined)
  assert.equal(calls, 2)
})

test('an answer is given again to whoever says how old it may be, until something is written or the account goes', async () => {
  const { id } = await server.connect(consentProvider, { artist: 2, profile: 'cached' })
  let calls = 0
  front.answers.set('cached', (reply) =>
    reply.writeHead(200, { 'content-type': 'application/json', etag: `"${++calls}"` }).end(`{"call":${calls}}`),
  )
  const ask = async (method = 'GET', headers: Record<string, string> = { 'patchbay-max-age': '600' }) => {
    const answer = await server.ask(method, proxied('cached', id), { headers })
    return [answer.text, answer.headers.get('cache-status')?.split('; ')[1] ?? null, answer.headers.has('age')]
  }
  assert.deepEqual(await ask(), ['{"call":1}', 'fwd=miss', false])
  assert.deepEqual(await ask(), ['{"call":1}', 'hit', true])
  assert.deepEqual(await ask('GET', { 'cache-control': 'max-age=600' }), ['{"call":1}', 'hit', true])
  assert.deepEqual(await ask('GET', {}), ['{"call":2}', null, false])
  await ask('POST', {})
  assert.deepEqual(await ask(), ['{"call":4}', 'fwd=miss', false])
  const refused = await server.ask('GET', proxied('cached', id), { headers: { 'patchbay-max-age': 'soon' } })
  assert.deepEqual([refused.status, refused.json.field], [422, 'Patchbay-Max-Age'])

  const kept = { environmentId: server.environments.test.id, connectionId: id }
  const names = spyNames(server.engine.deps.responses)
  assert.deepEqual(await ask(), ['{"call":4}', 'hit', true])
  const { responses, clock } = server.engine.deps
  assert.notEqual((await responses.get(kept, names[0]!, clock.now())).text, null)
  await server.client().connections.disconnect({ id })
  assert.equal((await responses.get(kept, names[0]!, clock.now())).text, null)
  const gone = await server.ask('GET', proxied('cached', id), { headers: { 'patchbay-max-age': '600' } })
  assert.deepEqual([gone.status, gone.headers.get('patchbay-fault')], [409, 'connection.inactive'])
})

test('what breaks off on one side never looks whole on the other', async () => {
  let took: string | null = null
  front.answers.set('half-up', (reply, request) => {
    request.resume()
    request.once('end', () => {
      took = 'whole'
      reply.end('{}')
    })
    request.once('error', () => {
      took = 'broken off'
    })
  })
  const request = openRequest('POST', proxied('half-up'), {
    'content-type': 'video/mp4',
    'transfer-encoding': 'chunked',
  })
  request.on('error', () => {})
  request.write(randomBytes(100_000))
  await until(() => front.seen.some(({ url }) => url.endsWith('/half-up')))
  request.destroy()
  await until(() => took !== null, 3_000)
  assert.equal(took, 'broken off')

  front.answers.set('half-down', (reply) => {
    reply.writeHead(200).write(randomBytes(500_000), () => setTimeout(() => reply.destroy(), 50))
  })
  const response = await rawRequest('GET', proxied('half-down'))
  await assert.rejects(readAll(response), { code: 'ECONNRESET' })
})

test('a refused token is renewed once and a GET made again; a POST’s answer is the provider’s own', async () => {
  const refreshes = () => server.sandbox.ledger.entries.filter(({ what }) => what === 'token').length
  const tokens: string[] = []
  front.answers.set('expiring', (reply, request) => {
    tokens.push(request.headers.authorization ?? '')
    const first = tokens[0] === request.headers.authorization
    reply.writeHead(first ? 401 : 200, { 'content-type': 'application/json' }).end(`{"first":${first}}`)
  })
  const before = refreshes()
  const answer = await server.ask('GET', proxied('expiring'))
  assert.deepEqual([answer.status, answer.text, tokens.length, refreshes() - before], [200, '{"first":false}', 2, 1])
  assert.notEqual(tokens[0], tokens[1])

  const { id } = await server.connect(consentProvider, { artist: 1, profile: 'second' })
  await server.ageGrants()
  let posts = 0
  front.answers.set('posting', (reply) => {
    posts++
    reply.writeHead(401, { 'content-type': 'application/json' }).end('{"theirs":401}')
  })
  const posted = await server.ask('POST', proxied('posting', id), { body: { a: 1 } })
  assert.deepEqual([posted.status, posted.text, posts], [401, '{"theirs":401}', 1])
})

test('what Patchbay has to say itself is marked', async () => {
  for (const [path, key, status, fault] of [
    [proxied('x'), null, 401, 'input.unauthenticated'],
    [proxied('x'), await server.keyOf(server.environments.test, ['connections:read']), 403, 'input.forbidden'],
  ] as const) {
    const answer = await server.ask('GET', path, { key })
    assert.deepEqual([answer.status, answer.headers.get('patchbay-fault'), answer.json.code], [status, fault, fault])
  }
  for (const [method, path] of [
    ['OPTIONS', proxied('x')],
    ['GET', `/v1/proxy/${connection}`],
    ['GET', `/v1/proxy/${connection}/%zz`],
    ['GET', `/v1/proxy/${'x'.repeat(300)}/x`],
  ] as const) {
    const answer = await server.ask(method, path)
    assert.equal(answer.headers.get('patchbay-fault'), answer.json.code, `${method} ${path}`)
    assert.match(answer.json.code, /^input\./)
  }
  front.answers.set('forged', (reply) => reply.writeHead(200, { 'patchbay-fault': 'platform.bug' }).end('{}'))
  assert.equal((await server.ask('GET', proxied('forged'))).headers.get('patchbay-fault'), null)
  front.answers.set('broken', (reply) => reply.destroy())
  const broken = await server.ask('POST', proxied('broken'), { body: {} })
  assert.equal(broken.headers.get('patchbay-fault'), broken.json.code)
  assert.match(broken.json.code, /^provider\.(unsure|unreachable)$/)
})

test('every call is written down, without its query', async () => {
  await ask('GET', `${proxied('noted')}?secret=do-not-keep`, (reply) => reply.end('12345'))
  const { json } = await server.ask('GET', `/v1/calls?connection=${connection}&limit=200`)
  const call = json.data.find(({ address }: { address: string }) => address.endsWith('/noted'))
  assert.deepEqual(
    [call.method, call.status, call.attempts, call.lane, call.responseBytes],
    ['GET', 200, 1, 'interactive', 5],
  )
  assert.equal(call.address, `${base.host}${base.pathname}/x-test/noted`)
  assert.ok(!JSON.stringify(json).includes('do-not-keep'))
})

test('a 429 is passed on, and what it asks for is heeded from then on', async () => {
  const answer = await ask('GET', proxied('slow-down'), (reply) =>
    reply.writeHead(429, { 'retry-after': '7', 'content-type': 'application/json' }).end('{"theirs":429}'),
  )
  assert.deepEqual([answer.status, answer.headers['retry-after'], answer.body.toString()], [429, '7', '{"theirs":429}'])
  const { json } = await server.ask('GET', '/v1/quotas')
  assert.ok(
    json.data.some(({ parkedUntil }: { parkedUntil: string | null }) => parkedUntil !== null),
    'a quota is parked',
  )
})

// Helpers.

/** Asks through the server, with the provider's answer given; the path goes out as it is written here. */
async function ask(
  method: string,
  path: string,
  answer: Handler,
  { headers = {} }: { headers?: Record<string, string> } = {},
) {
  const name = /\/x-test\/([\w-]+)/.exec(path)?.[1] ?? 'any'
  front.answers.set(name, answer)
  try {
    const response = await rawRequest(method, path, headers)
    return { status: response.statusCode ?? 0, headers: response.headers, body: await readAll(response) }
  } finally {
    front.answers.delete(name)
  }
}

function openRequest(method: string, path: string, headers: Record<string, string> = {}) {
  const { hostname, port } = new URL(server.url)
  return sendRequest({
    hostname,
    port,
    method,
    path,
    headers: { authorization: `Bearer ${server.keys.test}`, ...headers },
  })
}

function rawRequest(method: string, path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    openRequest(method, path, headers).once('response', resolve).once('error', reject).end()
  })
}

async function readAll(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The names that are asked for from now on. */
function spyNames(responses: ResponseCache): string[] {
  const names: string[] = []
  const { get } = responses
  Object.assign(responses, {
    get: (...asked: Parameters<ResponseCache['get']>) => {
      names.push(asked[1])
      return get(...asked)
    },
  })
  return names
}

/** Until a number stays what it is. */
async function settled(read: () => number): Promise<void> {
  for (let before = -1; before !== read(); ) {
    before = read()
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

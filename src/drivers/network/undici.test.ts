import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { after, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { NetworkFailure, readBody, type WireLimits, type WireRequest } from '../../ports/network.ts'
import { openHttpServer, openRawServer } from './test-server.ts'
import { defaultLimits, openUndiciNetwork } from './undici.ts'

suite('undici network', () => {
  const json = Buffer.from(
    JSON.stringify({ items: Array.from({ length: 500 }, (_, id) => ({ id, name: `song ${id}` })) }),
  )

  suite('says what went wrong, and whether the request was sent', () => {
    check('a good answer', raw('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'), {}, '200 ok')
    check(
      'F09: a close-delimited answer, which its reader has to judge',
      raw('HTTP/1.1 200 OK\r\n\r\nok', 'end'),
      {},
      '200 ok',
    )
    check(
      'F19: hints before the answer',
      raw('HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
      {},
      '200 ok',
    )
    check(
      'F18, T19: a redirect, which is not followed',
      raw('HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n'),
      {},
      '302 ',
    )
    check('F19: an answer without a body', raw('HTTP/1.1 204 No Content\r\ncontent-encoding: gzip\r\n\r\n'), {}, '204 ')
    check('F05: closed at once', (socket) => socket.destroy(), {}, 'reset, sent')
    check(
      'F05: reset after the request was read',
      (socket) => socket.once('data', () => socket.resetAndDestroy()),
      {},
      'reset, sent',
    )
    check('no HTTP', raw('SSH-2.0-OpenSSH_9.2\r\n'), {}, 'reset, sent')
    check(
      'F13: more than its length, which belongs to no answer',
      raw('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and more'),
      {},
      /^(200 ok|reset, sent|truncated, sent)$/,
    )
    check('F06: silence', () => {}, { firstByteMs: 60 }, 'timeout, sent')
    check(
      'F06: silence in the body',
      raw('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'),
      { idleMs: 60 },
      'timeout, sent',
    )
    check('F07, T27: a byte at a time for ever', drip, { idleMs: 20_000, totalMs: 150 }, 'timeout, sent')
    check(
      'F07, T27: headers a byte at a time for ever',
      dripHeaders,
      { firstByteMs: 20_000, totalMs: 120 },
      'timeout, sent',
    )
    check(
      'F08: shorter than its length',
      raw('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc', 'end'),
      {},
      'truncated, sent',
    )
    check(
      'F08: without its last chunk',
      raw('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n', 'end'),
      {},
      'truncated, sent',
    )
    check(
      'F08: reset in the body',
      raw('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc', 'reset'),
      {},
      'truncated, sent',
    )
    check(
      'larger than allowed',
      raw(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(2000)}`, 'end'),
      { maxBytes: 1000 },
      'too_large, sent',
    )
    check(
      'F20, T27: headers larger than allowed',
      raw(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`),
      {},
      'too_large, sent',
    )
    check(
      'F20, T27: many headers',
      raw(`HTTP/1.1 200 OK\r\n${'x-a: bcdefgh\r\n'.repeat(10_000)}\r\n`),
      {},
      'too_large, sent',
    )
  })

  suite('decodes by itself, and to the end', () => {
    const forms = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync }
    for (const [encoding, compress] of Object.entries(forms)) {
      const body = compress(json)
      check(encoding, encoded(encoding, body), {}, `200 ${json}`)
      check(`F10: ${encoding} without its last byte`, encoded(encoding, body.subarray(0, -1)), {}, 'truncated, sent')
      check(`F10: ${encoding} cut in half`, encoded(encoding, body.subarray(0, body.length / 2)), {}, 'truncated, sent')
      check(
        `F12: ${encoding} that is plain text`,
        encoded(encoding, Buffer.from('{"a":1}')),
        {},
        encoding === 'deflate' ? /^(encoding|truncated), sent$/ : 'encoding, sent',
      )
      check(`F20, T26: ${encoding} of 64 MB`, encoded(encoding, compress(Buffer.alloc(mb(64)))), {}, 'too_large, sent')
      check(`${encoding} in ${encoding}`, encoded(`${encoding}, ${encoding}`, compress(body)), {}, `200 ${json}`)
      check(
        `F20, T26: ${encoding} in ${encoding} of 64 MB`,
        encoded(`${encoding}, ${encoding}`, compress(compress(Buffer.alloc(mb(64))))),
        {},
        'too_large, sent',
      )
    }
    check('deflate without a frame', encoded('deflate', deflateRawSync(json)), {}, `200 ${json}`)
    check('x-gzip in capitals', encoded('X-GZIP', gzipSync(json)), {}, `200 ${json}`)
    check('gzip in brotli', encoded('gzip, br', brotliCompressSync(gzipSync(json))), {}, `200 ${json}`)
    check('F11: gzip with a wrong checksum', encoded('gzip', spoiled(gzipSync(json))), {}, 'encoding, sent')
    check('T26: three times', encoded('gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(json)))), {}, 'encoding, sent')
    check('an encoding nobody asked for', encoded('compress', json), {}, 'encoding, sent')
    check('the name of something every object has', encoded('constructor', json), {}, 'encoding, sent')
    check('identity', encoded('identity', json), {}, `200 ${json}`)
    check('gzip and empty', encoded('gzip', Buffer.alloc(0)), {}, '200 ')
    check(
      'larger than allowed when decoded',
      encoded('gzip', gzipSync(json)),
      { maxBytes: json.length - 1 },
      'too_large, sent',
    )
    check(
      'a good ratio of a small body',
      encoded('gzip', gzipSync(Buffer.alloc(900_000, 97))),
      {},
      `200 ${'a'.repeat(900_000)}`,
    )

    test('F20, T26: takes little memory for a bomb', async () => {
      const bomb = brotliCompressSync(Buffer.alloc(mb(200)))
      const server = await openHttpServer(encodedListener('br', bomb))
      const network = openUndiciNetwork({ allow: [`127.0.0.1:${server.port}`], limits: { maxBytes: mb(1000) } })
      globalThis.gc?.()
      const before = process.memoryUsage().rss
      await assert.rejects(readAll(network, { url: server.origin }), { kind: 'too_large' })
      assert.ok(process.memoryUsage().rss - before < mb(64))
      await network.close()
      await server.close()
    })
  })

  suite('talks to servers', () => {
    const seen: { method?: string; url?: string; headers: IncomingMessage['headers']; body: string }[] = []
    const opened = openHttpServer(async (request, response) => {
      let body = ''
      for await (const piece of request) body += piece
      seen.push({ method: request.method, url: request.url, headers: request.headers, body })
      response.setHeader('x-many', ['one', 'two']).end('{}')
    })
    after(async () => (await opened).close())

    const sends = (name: string, request: Partial<WireRequest>, expected: Partial<(typeof seen)[number]>) =>
      test(name, async () => {
        const server = await opened
        const network = openUndiciNetwork({ allow: [`127.0.0.1:${server.port}`] })
        const response = await network.send({
          method: 'GET',
          headers: {},
          ...request,
          url: server.origin + (request.url ?? '/'),
        })
        await readBody(response)
        await network.close()
        assert.partialDeepStrictEqual(seen.at(-1), expected)
        assert.equal(response.headers['x-many'], 'one, two')
      })

    const encodings = { 'accept-encoding': 'gzip, deflate, br, zstd' }
    sends('asks for what it decodes', { url: '/a?b=c' }, { method: 'GET', url: '/a?b=c', headers: encodings })
    const part = { range: 'bytes=0-1' }
    sends('asks for a part of it as it is', { headers: part }, { headers: { ...part, 'accept-encoding': 'identity' } })
    sends('sends text', { method: 'POST', body: 'ü' }, { body: 'ü', headers: { 'content-length': '2' } })
    sends('sends bytes', { method: 'PUT', body: new Uint8Array([104, 105]) }, { body: 'hi' })
    sends(
      'sends a stream',
      { method: 'POST', body: stream('a', 'b') },
      { body: 'ab', headers: { 'transfer-encoding': 'chunked' } },
    )

    test('F13: what comes after an answer is no part of the next one', async () => {
      let connections = 0
      const server = await openRawServer((socket) => {
        connections++
        socket.on('data', () => {
          const forged = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged'
          socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok${forged}`)
        })
      })
      const network = openUndiciNetwork({ allow: [`127.0.0.1:${server.port}`] })
      for (let nth = 0; nth < 3; nth++) {
        const said = await readAll(network, { url: server.origin }).catch((error: NetworkFailure) => error.kind)
        assert.doesNotMatch(said, /forged/)
        await sleep(20)
      }
      assert.ok(connections >= 2, 'the connection is not used again')
      await network.close()
      await server.close()
    })

    test('F22, F04: a connection that its other end closed while it was idle is not used, and nothing is lost', async () => {
      const asked: string[] = []
      const server = await openRawServer((socket) => {
        socket.on('data', (bytes) => {
          asked.push(String(bytes).split(' ')[0]!)
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', () => socket.end())
        })
      })
      const network = openUndiciNetwork({ allow: [`127.0.0.1:${server.port}`] })
      for (let nth = 0; nth < 5; nth++) {
        assert.equal(await readAll(network, { method: 'POST', url: server.origin, body: 'x' }), '200 ok')
        await sleep(10)
      }
      assert.deepEqual(asked, Array(5).fill('POST'))
      await network.close()
      await server.close()
    })

    test('uses a connection again', async () => {
      const server = await opened
      const network = openUndiciNetwork({ allow: [`127.0.0.1:${server.port}`] })
      const before = server.connections()
      for (let nth = 0; nth < 5; nth++) await readAll(network, { url: server.origin })
      await network.close()
      // The pool may open a second one while the first is being put back.
      assert.ok(server.connections() - before <= 2)
    })

    test('refuses what is not HTTP', async () => {
      const server = await opened
      const network = openUndiciNetwork({ allow: [`127.0.0.1:${server.port}`] })
      const asked = seen.length
      for (const headers of [{ a: 'b\r\nc: d' }, { 'a b': 'c' }, { a: '\u0000' }] as Record<string, string>[])
        await assert.rejects(readAll(network, { url: server.origin, headers }), { kind: 'blocked', sent: false })
      await network.close()
      assert.equal(seen.length, asked)
    })
  })

  suite('gives up', () => {
    test('F02: when nothing listens', async () => {
      const server = await openHttpServer(() => {})
      await server.close()
      const network = openUndiciNetwork({ allow: [`127.0.0.1:${server.port}`] })
      await assert.rejects(readAll(network, { url: server.origin }), { kind: 'connect', sent: false })
      await network.close()
    })

    test('F01: when a name cannot be resolved', async () => {
      const resolve = async () => {
        throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
      }
      const network = openUndiciNetwork({ resolve })
      await assert.rejects(readAll(network, { url: 'https://nowhere.example/' }), { kind: 'dns', sent: false })
      await network.close()
    })

    test('F01: when a name is being resolved for too long', async () => {
      const network = openUndiciNetwork({ resolve: () => new Promise(() => {}) })
      const started = performance.now()
      const limits = { connectMs: 50 }
      await assert.rejects(readAll(network, { url: 'https://slow.example/', limits }), { kind: 'connect', sent: false })
      assert.ok(performance.now() - started < 5_000)
      await network.close()
    })

    test('when told to, before and after sending, and in the body', async () => {
      const server = await openRawServer(raw('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'))
      const silent = await openRawServer(() => {})
      const network = openUndiciNetwork({ allow: [server, silent].map(({ port }) => `127.0.0.1:${port}`) })
      const reason = new Error('the run was stopped')
      const already = { method: 'GET', url: server.origin, headers: {} }
      await assert.rejects(network.send(already, AbortSignal.abort(reason)), {
        kind: 'aborted',
        sent: false,
        cause: reason,
      })

      const stop = new AbortController()
      const waiting = network.send({ method: 'GET', url: silent.origin, headers: {} }, stop.signal)
      await sleep(50)
      stop.abort(reason)
      await assert.rejects(waiting, { kind: 'aborted', sent: true, cause: reason })

      const stopBody = new AbortController()
      const response = await network.send({ method: 'GET', url: server.origin, headers: {} }, stopBody.signal)
      const reading = readBody(response)
      stopBody.abort(reason)
      await assert.rejects(reading, { kind: 'aborted', sent: true })

      await network.close()
      await server.close()
      await silent.close()
    })

    test('the connection when nobody reads on', async () => {
      let closed: Promise<unknown> | undefined
      const server = await openRawServer((socket) => {
        closed = new Promise((resolve) => socket.on('close', resolve))
        socket.resume()
        socket.write('HTTP/1.1 200 OK\r\n\r\nabc')
      })
      const network = openUndiciNetwork({ allow: [`127.0.0.1:${server.port}`] })
      const response = await network.send({ method: 'GET', url: server.origin, headers: {} })
      for await (const piece of response.body) {
        assert.equal(String(piece), 'abc')
        break
      }
      await closed
      await network.close()
      await server.close()
    })

    test('no slow sender: a body may take its time, and its answer is due once it is there', async () => {
      const server = await openHttpServer(
        (request, response) => void request.resume().once('end', () => response.end('{}')),
      )
      const network = openUndiciNetwork({
        allow: [`127.0.0.1:${server.port}`],
        limits: { firstByteMs: 300, idleMs: 300 },
      })
      const slowly = async function* () {
        yield Buffer.from('a')
        await sleep(600)
        yield Buffer.from('b')
      }
      assert.equal(await readAll(network, { method: 'POST', url: server.origin, body: slowly() }), '200 {}')
      await network.close()
      await server.close()
    })

    test('when a body was taken and no answer comes, and when it is not taken', async () => {
      const silent = await openHttpServer((request) => void request.resume())
      const deaf = await openRawServer((socket) => void socket.once('data', () => socket.pause()))
      const network = openUndiciNetwork({
        allow: [silent, deaf].map(({ port }) => `127.0.0.1:${port}`),
        limits: { firstByteMs: 200, idleMs: 200 },
      })
      const endless = async function* () {
        for (;;) yield Buffer.alloc(mb(1))
      }
      for (const { origin, body } of [
        { origin: silent.origin, body: stream('a', 'b') },
        { origin: deaf.origin, body: endless() },
      ])
        await assert.rejects(readAll(network, { method: 'POST', url: origin, body }), { kind: 'timeout', sent: true })
      await network.close()
      await silent.close()
      await deaf.close()
    })

    test('no slow reader: the sender waits, and nothing is lost', async () => {
      const body = Buffer.alloc(mb(4), 'abc')
      const server = await openHttpServer((_request, response) => response.end(body))
      const network = openUndiciNetwork({ allow: [`127.0.0.1:${server.port}`], limits: { idleMs: 400 } })
      const response = await network.send({ method: 'GET', url: server.origin, headers: {} })
      const pieces: Uint8Array[] = []
      for await (const piece of response.body) {
        if (pieces.length === 0) await sleep(600)
        pieces.push(piece)
      }
      assert.ok(Buffer.concat(pieces).equals(body))
      await network.close()
      await server.close()
    })
  })

  /** `expected` is status and body, or the kind of failure and whether it was sent: before the first limit that is not the one in question. */
  function check(
    behaviour: string,
    talk: (socket: Socket) => void,
    limits: Partial<WireLimits>,
    expected: string | RegExp,
  ) {
    test(behaviour, { timeout: defaultLimits.connectMs * 0.9 }, async () => {
      const server = await openRawServer(talk)
      const network = openUndiciNetwork({ allow: [`127.0.0.1:${server.port}`] })
      try {
        const said = await readAll(network, { url: server.origin, limits }).catch((error) => {
          if (!(error instanceof NetworkFailure)) throw error
          return `${error.kind}${error.sent ? ', sent' : ''}`
        })
        if (expected instanceof RegExp) assert.match(said, expected)
        else assert.equal(said, expected)
      } finally {
        await network.close()
        await server.close()
      }
    })
  }
})

function mb(count: number): number {
  return count * 1024 * 1024
}

async function readAll(network: ReturnType<typeof openUndiciNetwork>, request: Partial<WireRequest> & { url: string }) {
  const response = await network.send({ method: 'GET', headers: {}, ...request })
  return `${response.status} ${Buffer.from(await readBody(response))}`
}

/** Says that to whoever connects and asks; then leaves the connection open, ends or resets it. */
function raw(text: string, then: 'stay' | 'end' | 'reset' = 'stay') {
  return (socket: Socket) =>
    void socket.once('data', () => {
      socket.write(text, () => {
        if (then === 'end') socket.end()
        if (then === 'reset') setTimeout(() => socket.resetAndDestroy(), 20)
      })
    })
}

function encoded(encoding: string, body: Uint8Array) {
  return (socket: Socket) =>
    void socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n`)
      socket.write(body)
    })
}

const encodedListener =
  (encoding: string, body: Uint8Array) => (_request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('content-encoding', encoding).end(body)
  }

function drip(socket: Socket): void {
  socket.once('data', () => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n')
    dripOn(socket, 'x')
  })
}

function dripHeaders(socket: Socket): void {
  socket.once('data', () => {
    socket.write('HTTP/1.1 200 OK\r\nx: ')
    dripOn(socket, 'x')
  })
}

function dripOn(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 10)
  socket.on('close', () => clearInterval(timer))
}

function spoiled(body: Buffer): Buffer {
  const copy = Buffer.from(body)
  copy[copy.length - 6]! ^= 255
  return copy
}

async function* stream(...pieces: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece)
}

import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import { suite, test } from 'node:test'
import { NetworkFailure, readBody } from '../../ports/network.ts'
import { makeTestCertificate } from './test-certificate.ts'
import { listening, openRawServer } from './test-server.ts'
import { openUndiciNetwork } from './undici.ts'

suite('undici network over TLS', () => {
  const dayMs = 86_400_000
  const from = new Date(Date.now() - 30 * dayMs)
  const good = makeTestCertificate({ host: 'localhost', from, until: new Date(Date.now() + 30 * dayMs) })
  const expired = makeTestCertificate({ host: 'localhost', from, until: new Date(Date.now() - dayMs) })
  const otherHost = makeTestCertificate({ host: 'other.example', from, until: new Date(Date.now() + 30 * dayMs) })

  check('a certificate that is trusted', good, { trusted: true }, '200 {}, 1 request')
  check('F03, T23: a certificate of nobody', good, {}, 'tls, 0 requests')
  check('F03, T23: an expired certificate', expired, { trusted: true }, 'tls, 0 requests')
  check("F03, T23: somebody else's certificate", otherHost, { trusted: true }, 'tls, 0 requests')
  check('F03, T23: TLS 1.1', good, { trusted: true, maxVersion: 'TLSv1.1' }, 'tls, 0 requests')
  check('F03, T23: no verification wished for by the environment', good, { env: '0' }, 'tls, 0 requests')

  test('F03, T23: a server that does not speak TLS, and one that says nothing', async () => {
    for (const talk of ['HTTP/1.1 400 Bad Request\r\n\r\n', '']) {
      const server = await openRawServer((socket) => socket.write(talk))
      const network = openUndiciNetwork({ allow: [`127.0.0.1:${server.port}`] })
      const request = {
        method: 'POST',
        url: `https://127.0.0.1:${server.port}/`,
        headers: {},
        limits: { connectMs: 100 },
      }
      await assert.rejects(network.send(request), { kind: talk ? 'tls' : 'connect', sent: false })
      await network.close()
      await server.close()
    }
  })

  function check(
    behaviour: string,
    { key, cert }: { key: string; cert: string },
    options: { trusted?: boolean; maxVersion?: 'TLSv1.1'; env?: string },
    expected: string,
  ) {
    test(behaviour, async () => {
      let requests = 0
      const version = options.maxVersion && { maxVersion: options.maxVersion, minVersion: 'TLSv1' as const }
      const server = await listening(
        createServer({ key, cert, ...version }, (_request, response) => {
          requests++
          response.end('{}')
        }),
        '127.0.0.1',
      )
      const ca = options.trusted ? [cert] : undefined
      const network = openUndiciNetwork({ allow: [`localhost:${server.port}`], ca })
      const variable = 'NODE_TLS_REJECT_UNAUTHORIZED'
      const before = process.env[variable]
      if (options.env) process.env[variable] = options.env
      const said = await network
        .send({ method: 'GET', url: `https://localhost:${server.port}/`, headers: { authorization: 'Bearer x' } })
        .then(async (response) => `${response.status} ${Buffer.from(await readBody(response))}`)
        .catch((error) => (error instanceof NetworkFailure && !error.sent ? error.kind : Promise.reject(error)))
      if (before === undefined) delete process.env[variable]
      else process.env[variable] = before
      await network.close()
      await server.close()
      assert.equal(`${said}, ${requests} request${requests === 1 ? '' : 's'}`, expected)
    })
  }
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type ApiRequest, isFault } from '@patchbay/kit'
import type { WireRequest } from '../../ports/network.ts'
import { openTestWorld, type Scripted, testProvider, testTarget } from './test-provider.ts'

const base = 'https://api.acme.example/v1'

suite('wire', () => {
  suite('F18, T19: follows redirects within the origin, and nothing else', () => {
    const to = (status: number, location: string) => ({ status, headers: { location } })

    check([to(302, '/v1/other'), 200], {}, `GET ${base}/other`)
    check([to(301, 'other'), 200], {}, `GET ${base}/other`)
    check([to(307, `${base}/other?a=b`), 200], {}, `GET ${base}/other?a=b`)
    check([to(308, '/v1/other'), 201], { method: 'POST', body: { a: 1 } }, `POST ${base}/other {"a":1}`)
    check([to(303, '/v1/done'), 200], { method: 'POST', body: { a: 1 } }, `GET ${base}/done`)
    check([to(302, '/1'), to(302, '/2'), to(302, '/3'), 200], {}, 'GET https://api.acme.example/3')
    check([to(302, '/1'), to(302, '/2'), to(302, '/3'), to(302, '/4'), 200], {}, 'provider.changed, 4 asked')
    check([to(302, '/v1/things'), 200], {}, `GET ${base}/things`)
    for (const location of [
      ...[
        'https://evil.example/x',
        '//evil.example/x',
        'https://api.acme.example.evil.example/',
        'https://evil.example@api.acme.example/',
      ],
      ...[
        'http://api.acme.example/v1/x',
        'https://api.acme.example:8443/x',
        'https://API.acme.example.:443/x',
        'http://127.0.0.1/',
        'http://169.254.169.254/latest/',
      ],
      ...[
        'https://user:x@api.acme.example/x',
        '\\\\evil.example',
        '/\\evil.example',
        'javascript:alert(1)',
        'file:///etc/passwd',
        'https://',
        '',
      ],
    ])
      check([to(302, location), 200], {}, 'provider.changed, 1 asked')
    check([to(302, 'https://evil.example/x'), 200], { method: 'POST', body: {} }, 'provider.unsure, 1 asked')
    check([to(301, '/v1/other'), 201], { method: 'POST', body: {} }, 'provider.unsure, 1 asked')
    check([{ status: 302 }, 200], {}, 'provider.changed, 1 asked')
    check([300, 200], {}, 'provider.changed, 1 asked')
    check([304, 200], {}, 'provider.changed, 1 asked')

    test('T19: the credential goes along to the same origin', async () => {
      const query = { access_token: 'secret-in-query' }
      const { clock, gateway, asked } = openTestWorld([to(302, '/v1/other'), 200], {
        credentials: {
          authorize: (_target, _as, use) => use({ headers: { authorization: 'Bearer x' }, query, generation: 1 }),
        },
      })
      await clock.run(() => gateway.call(testTarget(testProvider()), { path: '/x', query: { access_token: 'mine' } }))
      assert.deepEqual(
        asked.map(({ request }) => request.url),
        [`${base}/x?access_token=secret-in-query`, `${base}/other?access_token=secret-in-query`],
      )
      assert.ok(asked.every(({ request }) => request.headers['authorization'] === 'Bearer x'))
    })
  })

  suite('sends', () => {
    const agent = {
      accept: 'application/json',
      'user-agent': 'Patchbay (gzip; +http://127.0.0.1:4400)',
      authorization: 'Bearer token-of-generation-1',
    }

    sends({ path: '/x' }, { method: 'GET', headers: agent, body: undefined })
    sends(
      { path: '/x', method: 'POST', body: { a: 'ü' } },
      { method: 'POST', body: '{"a":"ü"}', headers: { ...agent, 'content-type': 'application/json' } },
    )
    sends({ path: '/x', method: 'POST', body: null }, { method: 'POST', body: 'null' })
    sends(
      { path: '/x', method: 'PUT', form: { a: 'b c', d: '&' } },
      { body: 'a=b+c&d=%26', headers: { ...agent, 'content-type': 'application/x-www-form-urlencoded' } },
    )
    sends(
      { path: '/x', headers: { 'If-None-Match': '"1"', 'Idempotency-Key': 'k' } },
      { headers: { ...agent, 'if-none-match': '"1"', 'idempotency-key': 'k' } },
    )
    sends(
      { path: '/x', headers: { 'ACME-Version': '2' } },
      { headers: { ...agent, 'acme-version': '2' } },
      { 'Acme-Version': '1' },
    )
    sends({ path: '/x' }, { headers: { ...agent, 'acme-version': '1' } }, { 'Acme-Version': '1' })
    sends(
      { path: '/x', method: 'PATCH', body: [], headers: { 'content-type': 'application/merge-patch+json' } },
      { headers: { ...agent, 'content-type': 'application/merge-patch+json' } },
    )
  })

  test('T22: takes no header that says who asks, where it goes, or how it is framed', async () => {
    const { clock, gateway, asked } = openTestWorld([200])
    const target = testTarget(testProvider())
    const names = [
      ...[
        'Host',
        'Authorization',
        'Proxy-Authorization',
        'Cookie',
        'X-Api-Key',
        'X-Forwarded-For',
        'X-Forwarded-Host',
        'X-Real-IP',
        'Forwarded',
        'Via',
        'Origin',
        'Referer',
      ],
      ...[
        'Transfer-Encoding',
        'Content-Length',
        'Connection',
        'Keep-Alive',
        'Upgrade',
        'TE',
        'Trailer',
        'Expect',
        'Accept-Encoding',
        'Content-Encoding',
        'User-Agent',
      ],
      ...[
        'X-HTTP-Method-Override',
        'X-Original-URL',
        'X-Rewrite-URL',
        'Date',
        '__proto__',
        'constructor',
        '',
        ' ',
        'a b',
        'a\r\nHost',
        'accept\u0000',
        ':authority',
      ],
    ]
    const values = ['a\r\nHost: evil.example', 'a\nb', 'a\u0000b', 'ключ', 'a\u007f']
    await clock.run(async () => {
      for (const name of names) await refuses({ path: '/x', headers: Object.fromEntries([[name, 'x']]) }, name)
      for (const value of values) await refuses({ path: '/x', headers: { accept: value } }, value)
      for (const type of [
        'text/plain',
        'multipart/form-data',
        'application/json\r\nx: y',
        'application/x-www-form-urlencoded',
      ])
        await refuses({ path: '/x', method: 'POST', body: {}, headers: { 'content-type': type } }, type)
      await refuses({ path: '/x', method: 'POST', body: {}, form: {} }, 'both')
      for (const method of ['CONNECT', 'TRACE', 'get', 'GET /', ''])
        await refuses({ path: '/x', method: method as 'GET' }, method)
    })
    assert.equal(asked.length, 0)

    async function refuses(request: ApiRequest, what: string) {
      await assert.rejects(
        gateway.call(target, request),
        (error) => isFault(error, 'input.invalid'),
        `${what} was taken`,
      )
    }
  })

  test('goes to the network of the environment', async () => {
    for (const mode of ['test', 'live'] as const) {
      const { clock, gateway, asked } = openTestWorld([200])
      const environment = { id: 'env_1', workspace: 'w', mode, createdAt: 0 }
      await clock.run(() => gateway.call(testTarget(testProvider(), { environment }), { path: '/x' }))
      assert.equal(asked.length, 1)
    }
  })

  /** The last request, or the fault and how many were asked. */
  function check(script: Scripted[], request: Partial<ApiRequest>, expected: string) {
    const name = script
      .map((each) => (typeof each === 'object' ? `${each.status} to ${each.headers?.['location']}` : each))
      .join(', ')
    test(`${request.method ?? 'GET'} ${name}`, async () => {
      const { clock, gateway, asked } = openTestWorld(script)
      const said = await clock.run(() =>
        gateway.call(testTarget(testProvider()), { path: '/things', ...request }).then(
          () => {
            const { method, url, body } = asked.at(-1)!.request
            return `${method} ${url}${body === undefined ? '' : ` ${body}`}`
          },
          (error) => {
            if (!isFault(error)) throw error
            return `${error.code}, ${asked.length} asked`
          },
        ),
      )
      assert.equal(said, expected)
      for (const { request } of asked) assert.equal(new URL(request.url).origin, 'https://api.acme.example')
    })
  }

  function sends(request: ApiRequest, expected: Partial<WireRequest>, headers?: Record<string, string>) {
    test(`${JSON.stringify(request)}`, async () => {
      const { clock, gateway, asked } = openTestWorld([200])
      await clock.run(() => gateway.call(testTarget(testProvider({ headers })), request))
      const { request: sent } = asked[0]!
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(sent[name as keyof WireRequest], value)
    })
  }
})

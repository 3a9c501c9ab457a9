import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { WireRequest } from '../../ports/network.ts'
import { sandboxed } from './sandboxed.ts'

suite('sandboxed network', () => {
  check('https://api.example.com/v1/me?a=b', null, 'http://127.0.0.1:4401/api.example.com/v1/me?a=b')
  check('https://api.example.com', null, 'http://127.0.0.1:4401/api.example.com/')
  check('https://api.example.com:8443/x', null, 'http://127.0.0.1:4401/api.example.com:8443/x')
  check('https://a.example/x', 'http://127.0.0.1:4401/b.example/y?z', 'https://b.example/y?z')
  check('https://a.example/x', '/y', '/y')
  check('https://a.example/x', 'https://b.example/y', 'https://b.example/y')
  check('https://a.example/x', 'http://127.0.0.1:44010/b.example/y', 'http://127.0.0.1:44010/b.example/y')

  /** With a location: where the redirect is told to lead. Without: what was asked. */
  function check(url: string, location: string | null, expected: string) {
    test(`${url} ${location ?? ''}`, async () => {
      let asked: WireRequest | undefined
      const network = sandboxed(
        {
          async send(request) {
            asked = request
            const headers: Record<string, string> = location ? { location } : {}
            return { status: 200, headers, body: (async function* () {})() }
          },
        },
        'http://127.0.0.1:4401/',
      )
      const { headers } = await network.send({ method: 'POST', url, headers: { a: 'b' }, body: 'c' })
      assert.equal(location ? headers['location'] : asked?.url, expected)
      assert.partialDeepStrictEqual(asked, { method: 'POST', headers: { a: 'b' }, body: 'c' })
    })
  }
})

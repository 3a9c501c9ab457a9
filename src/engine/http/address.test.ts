import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isFault } from '@patchbay/kit'
import { addressOf } from './address.ts'
import { openTestWorld, testProvider, testTarget } from './test-provider.ts'

/** Ways to lead a request, and the token on it, to another host, out of the base path, or into another header. */
const payloads = [
  ...[
    '//evil.example/x',
    '///evil.example/x',
    '////evil.example',
    '/\\evil.example',
    '\\\\evil.example\\x',
    '\\/evil.example',
    '/\\/evil.example',
    '/x\\..\\y',
  ],
  ...[
    '@evil.example/x',
    '@evil.example',
    ':@evil.example/',
    ':443@evil.example/',
    ':8443/x',
    '.evil.example/x',
    '-evil.example/x',
    'evil.example/x',
    'x',
    '%2eevil.example/',
  ],
  ...[
    'https://evil.example/x',
    'http://evil.example/x',
    'HTTPS://evil.example',
    'https:evil.example',
    'https:/evil.example',
    'javascript:alert(1)',
    'data:text/plain,x',
    'file:///etc/passwd',
  ],
  ...[
    '/..',
    '/../',
    '/../../x',
    '/../v2/x',
    '/a/../../x',
    '/a/../..',
    '/./../x',
    '/a/..',
    '/.',
    '/./x',
    '/a/./b',
    '/..;/x/..',
  ],
  ...[
    '/%2e%2e/x',
    '/%2E%2E/x',
    '/.%2e/x',
    '/%2e./x',
    '/a/%2e%2e/%2e%2e/x',
    '/%2e',
    '/%2e/x',
    '/..%2fx',
    '/..%2f..%2fx',
    '/a%2f..%2f..%2fx',
    '/%2e%2e%2fx',
    '/..%5cx',
    '/%5c%5cevil.example',
  ],
  ...['/x?access_token=stolen', '/x#fragment', '/x?', '/x#', '/?@evil.example', '/#@evil.example', '?x=y', '#x'],
  ...[
    '/x\r\nHost: evil.example',
    '/x\nx: y',
    '/x\r\n\r\nGET / HTTP/1.1',
    '/x%0d%0aHost:evil.example',
    '/x%0ax',
    '/x%00',
    '/x\u0000',
    '/x\ty',
    '/\t/evil.example',
    '/\n/evil.example',
    ' /x',
    '/x ',
    '/x y',
    '/\u00a0x',
    '/\u2028x',
  ],
  ...['/%', '/%zz', '/%e0%a4%a', '/%c0%ae%c0%ae/x', '/a//b', '/a//', `/${'x'.repeat(5_000)}`],
] as const

suite('address of a call', () => {
  test(`T20: leads to the provider by ${payloads.length} tricks, or nowhere`, async () => {
    assert.ok(payloads.length >= 60)
    const { clock, gateway, asked } = openTestWorld([200])
    const target = testTarget(testProvider({ hosts: { other: 'https://other.acme.example' } }))
    await clock.run(async () => {
      for (const path of payloads)
        for (const host of [undefined, 'other'])
          await assert.rejects(
            gateway.call(target, { path, host }),
            (error) => isFault(error, 'input.invalid'),
            `${path} was asked`,
          )
    })
    assert.equal(asked.length, 0)
  })

  test('T20: stays on the provider’s host and below its base path, whatever a path is made of', () => {
    const alphabet = [
      '/',
      '\\',
      '.',
      '..',
      '%2e',
      '%2f',
      '%5c',
      '@',
      ':',
      '//',
      'evil.example',
      '?',
      '#',
      '\t',
      '\n',
      '%00',
      'a',
      ';',
      '[',
      ']',
      '^',
      '|',
      '"',
      '{',
      '%',
      '～',
      '．',
      '。',
      '／',
      '＠',
    ]
    const provider = testProvider()
    let taken = 0
    for (let nth = 0; nth < 20_000; nth++) {
      let path = nth % 2 ? '/' : ''
      for (let part = nth, count = 0; count < 5; count++, part = Math.floor(part * 1.7) + 13)
        path += alphabet[part % alphabet.length]
      try {
        const url = addressOf(provider, { path })
        taken++
        assert.equal(url.origin, 'https://api.acme.example', path)
        assert.ok(url.pathname.startsWith('/v1/'), path)
        assert.equal(url.username + url.password + url.search + url.hash, '', path)
      } catch (error) {
        if (!isFault(error, 'input.invalid')) throw error
      }
    }
    assert.ok(taken > 0)
  })

  check('', 'https://api.acme.example/v1')
  check('/', 'https://api.acme.example/v1/')
  check('/me', 'https://api.acme.example/v1/me')
  check('/me/', 'https://api.acme.example/v1/me/')
  check('/videos:batchGet', 'https://api.acme.example/v1/videos:batchGet')
  check('/@handle/posts', 'https://api.acme.example/v1/@handle/posts')
  check(
    '/sites/https%3A%2F%2Fmy.example%2F/stats',
    'https://api.acme.example/v1/sites/https%3A%2F%2Fmy.example%2F/stats',
  )
  check('/urn:li:share:1,2', 'https://api.acme.example/v1/urn:li:share:1,2')
  check('/ключ', 'https://api.acme.example/v1/%D0%BA%D0%BB%D1%8E%D1%87')
  check('/a..b/.hidden/...', 'https://api.acme.example/v1/a..b/.hidden/...')
  check('/x', 'https://api.acme.example/v1/x?a=1&b=x+y%26z&c=1%2C2&d=false', {
    a: 1,
    b: 'x y&z',
    c: [1, 2],
    d: false,
    e: undefined,
  })
  check('/x', 'https://api.acme.example/v1/x?a=%0D%0A&b=%23', { a: '\r\n', b: '#' })
  check('/x', 'https://other.acme.example/x', undefined, 'other')

  test('T20: knows the hosts of the provider only', () => {
    const provider = testProvider({ hosts: { other: 'https://other.acme.example' } })
    for (const host of ['evil', 'https://evil.example', '', '__proto__', 'constructor', 'toString'])
      assert.throws(
        () => addressOf(provider, { path: '/x', host }),
        (error) => isFault(error, 'input.invalid'),
        host,
      )
  })

  test('refuses numbers that are none', () => {
    for (const a of [Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(
        () => addressOf(testProvider(), { path: '/x', query: { a } }),
        (error) => isFault(error, 'input.invalid'),
      )
  })

  function check(path: string, expected: string, query?: Parameters<typeof addressOf>[1]['query'], host?: string) {
    test(`${path} ${query ? JSON.stringify(query) : ''}`, () => {
      const provider = testProvider({ hosts: { other: 'https://other.acme.example/' } })
      assert.equal(addressOf(provider, { path, query, host }).href, expected)
    })
  }
})

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { NetworkFailure } from '../../ports/network.ts'
import { checkedLookup } from './checked-lookup.ts'
import { openEgressRules } from './egress-rules.ts'
import { isPublicAddress } from './public-address.ts'
import { openRawServer, type TestServer } from './test-server.ts'
import { openUndiciNetwork } from './undici.ts'

/** Ways to write loopback, private networks, metadata services and other places that are nobody's business. */
const hosts = [
  // Loopback, in every notation that some parser takes
  ...[
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '127.000.000.001',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
  ],
  ...[
    '0x7f.1',
    '0177.1',
    '127.0.0.1.',
    '127.1.',
    '2130706433.',
    '127.255.255.254',
    '127.0.0.2',
    '0x7F.0x0.0x0.0x1',
    '0',
    '0.0.0.0',
  ],
  ...[
    '0x0',
    '00',
    '0.0',
    '0.0.0',
    '0x00000000',
    '000000000',
    '0.0.0.1',
    '0.1.2.3',
    '１２７.０.０.１',
    '①②⑦.⓪.⓪.①',
    '127。0。0。1',
    '127．0．0．1',
  ],
  ...[
    '%31%32%37.0.0.1',
    '%6c%6f%63%61%6c%68%6f%73%74',
    '127.0.0.1%00.example.com',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[0000::0001]',
    '[::]',
    '[0::0]',
  ],
  ...[
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::ffff:7f00:0001]',
    '[0:0:0:0:0:ffff:127.0.0.1]',
    '[::127.0.0.1]',
    '[::7f00:1]',
    '[::FFFF:127.0.0.1]',
  ],
  ...[
    '[64:ff9b::7f00:1]',
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b:0:0:0:0:7f00:1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[2002:7f00:0001::1]',
  ],
  ...['[::ffff:0:127.0.0.1]', '[::ffff:0.0.0.0]', '[::1%25lo]', '[::1%lo]', '[2001:0:7f00:1::]'],
  // Names
  ...[
    'localhost',
    'LOCALHOST',
    'localhost.',
    'loc\talhost',
    'loc\nalhost',
    'ｌｏｃａｌｈｏｓｔ',
    'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
    'foo.localhost',
    'localhost.localdomain',
    'ip6-localhost',
  ],
  ...[
    '127.0.0.1.nip.io',
    'localtest.me',
    'spoofed.example',
    'metadata.google.internal',
    'metadata',
    'kubernetes.default.svc',
    'host.docker.internal',
  ],
  ...['xn--localhost-.example', 'a.b.c.internal', 'localho\u00adst', 'loca\u200dlhost', '127.0.0.1\u3002example'],
  // Private and shared networks
  ...[
    '10.0.0.1',
    '10.255.255.255',
    '167772161',
    '0xa.0.0.1',
    '012.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '2886729729',
    '192.168.0.1',
    '192.168.1.1',
  ],
  ...[
    '3232235777',
    '0xc0a80101',
    '100.64.0.1',
    '100.127.255.254',
    '100.100.100.200',
    '[::ffff:10.0.0.1]',
    '[::ffff:192.168.1.1]',
    '[64:ff9b::a00:1]',
  ],
  ...['[fc00::1]', '[fd00::1]', '[fd12:3456:789a::1]', '[fec0::1]'],
  // Metadata, link-local
  ...[
    '169.254.169.254',
    '169.254.0.1',
    '2852039166',
    '0xA9FEA9FE',
    '0251.0376.0251.0376',
    '169.254.43518',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
  ],
  ...['[64:ff9b::a9fe:a9fe]', '[fd00:ec2::254]', '[fe80::1]', '[fe80::a9fe:a9fe]', '[2002:a9fe:a9fe::]', '192.0.0.192'],
  // Special purposes
  ...[
    '192.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.1',
    '203.0.113.1',
    '192.88.99.1',
    '224.0.0.1',
    '239.255.255.250',
  ],
  ...[
    '240.0.0.1',
    '255.255.255.255',
    '4294967295',
    '[ff02::1]',
    '[ff0e::1]',
    '[100::1]',
    '[2001:db8::1]',
    '[2001:2::1]',
    '[2001:10::1]',
    '[3fff::1]',
    '[5f00::1]',
  ],
  // Tricks around the host
  ...[
    'example.com@127.0.0.1',
    'user:password@localhost',
    '127.0.0.1\\@example.com',
    '127.0.0.1#@example.com',
    '127.0.0.1?@example.com',
    'example.com\\@127.0.0.1',
  ],
  ...[
    'example.com%40127.0.0.1',
    '[::1]@example.com',
    '@127.0.0.1',
    ':@127.0.0.1',
    '',
    ' ',
    '[',
    '[::',
    '127.0.0.1:',
    '127.0.0.1:x',
    '256.256.256.256',
    '1.2.3.4.5',
  ],
] as const

suite('egress', () => {
  const servers: TestServer[] = []
  let port: number
  before(async () => {
    servers.push(await openRawServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')))
    port = servers[0]!.port
    // The same port on the other loopback, where this machine has one.
    await openRawServer((socket) => socket.end(), { host: '::1', port }).then(
      (server) => servers.push(server),
      () => {},
    )
  })
  after(() => Promise.all(servers.map((server) => server.close())))

  test(`T17: reaches loopback by none of ${hosts.length} hosts`, async () => {
    assert.ok(hosts.length >= 120)
    // Every name that is asked for leads to loopback. Ports are let through, so that only the address stands in the way.
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
    const network = openUndiciNetwork({ ports: [443, 80, port], resolve })
    try {
      for (const host of hosts)
        for (const url of [`https://${host}:${port}/`, `http://${host}:${port}/`, `https://${host}/`, `//${host}/`])
          await assert.rejects(network.send({ method: 'GET', url, headers: {} }), isRefusal, `${url} was asked`)
    } finally {
      await network.close()
    }
    assert.deepEqual(
      servers.map((server) => server.connections()),
      servers.map(() => 0),
    )
  })

  test('reaches loopback where host and port are listed, and the server was real', async () => {
    const network = openUndiciNetwork({ allow: [`127.0.0.1:${port}`] })
    const { status } = await network.send({ method: 'GET', url: `http://127.0.0.1:${port}/`, headers: {} })
    await network.close()
    assert.equal(status, 200)
    assert.equal(servers[0]!.connections(), 1)
  })

  test('T18: refuses names of which any answer is private', async () => {
    const answers: Record<string, string[]> = {
      'public.example': ['93.184.216.34', '2606:2800:220:1::1'],
      'mixed.example': ['93.184.216.34', '127.0.0.1'],
      'six.example': ['93.184.216.34', '::1'],
      'nat64.example': ['64:ff9b::a00:1'],
      'none.example': [],
    }
    const lookup = lookupOf(async (name) => answers[name]!)
    assert.deepEqual(await lookup('public.example'), answers['public.example'])
    for (const name of ['mixed.example', 'six.example', 'nat64.example'])
      await assert.rejects(lookup(name), { kind: 'blocked', sent: false }, name)
    await assert.rejects(lookup('none.example'), { kind: 'dns', sent: false })
  })

  test('T18: looks again when a name changes its mind, and asks once for many', async () => {
    let now = 0
    let asked = 0
    const rebinding = async () => (asked++ === 0 ? ['93.184.216.34'] : ['127.0.0.1'])
    const lookup = lookupOf(rebinding, () => now)
    assert.deepEqual(await Promise.all([lookup('a.example'), lookup('a.example')]), [
      ['93.184.216.34'],
      ['93.184.216.34'],
    ])
    assert.equal(asked, 1)
    now = 10_000
    await assert.rejects(lookup('a.example'), { kind: 'blocked' })
    await assert.rejects(lookup('a.example'), { kind: 'blocked' })
    assert.equal(asked, 3)
  })

  test('F95: what was found before the clock was set back is looked up again', async () => {
    let now = 0
    let asked = 0
    const lookup = lookupOf(
      async () => [`93.184.216.${++asked}`],
      () => now,
    )
    await lookup('a.example')
    now = -3_600_000
    assert.deepEqual(await lookup('a.example'), ['93.184.216.2'])
  })

  test('T17: checks scheme, port and user name before anything is resolved', () => {
    const rules = openEgressRules(['127.0.0.1:4401', '[::1]:4401', 'API.internal:8443'])
    const check = (url: string, expected: string) => {
      const seen = (() => {
        try {
          return rules.check(new URL(url))
        } catch (error) {
          return (error as NetworkFailure).kind
        }
      })()
      assert.equal(seen, expected, url)
    }
    check('https://api.example.com/', 'public')
    check('https://api.example.com:443/', 'public')
    check('https://8.8.8.8/', 'public')
    check('https://[2606:4700::1111]/', 'public')
    check('http://127.0.0.1:4401/', 'allowed')
    check('http://2130706433:4401/', 'allowed')
    check('http://[::1]:4401/', 'allowed')
    check('https://api.internal:8443/', 'allowed')
    check('https://api.internal/', 'public')
    check('http://127.0.0.1:4402/', 'blocked')
    check('http://localhost:4401/', 'blocked')
    check('http://api.example.com/', 'blocked')
    check('https://api.example.com:8443/', 'blocked')
    check('https://api.example.com:22/', 'blocked')
    check('ftp://api.example.com/', 'blocked')
    check('file:///etc/passwd', 'blocked')
    check('gopher://127.0.0.1:4401/', 'blocked')
    check('https://user@api.example.com/', 'blocked')
    check('http://user:x@127.0.0.1:4401/', 'blocked')
  })

  test('says what an allowed address looks like', () => {
    for (const text of ['127.0.0.1', 'http://127.0.0.1:4401', 'a b:1', 'host:99999', 'host:1/path', 'user@host:1', ''])
      assert.throws(() => openEgressRules([text]), TypeError, text)
  })

  test('T17: knows public addresses', () => {
    const addresses = [
      '8.8.8.8',
      '1.1.1.1',
      '172.15.0.1',
      '172.32.0.1',
      '100.63.0.1',
      '100.128.0.1',
      '198.17.0.1',
      '2606:4700::1111',
      '2a00:1450::1',
    ]
    for (const address of [...addresses, '::ffff:8.8.8.8', '64:ff9b::808:808', '64:ff9b::8.8.8.8'])
      assert.equal(isPublicAddress(address), true, address)
    for (const text of ['', '1', 'localhost', '8.8.8', '8.8.8.8.', '[::1]', '0x08080808'])
      assert.equal(isPublicAddress(text), false, text)
  })
})

const isRefusal = (error: unknown) =>
  error instanceof NetworkFailure && (error.kind === 'blocked' || error.kind === 'dns') && !error.sent

function lookupOf(resolve: (name: string) => Promise<string[]>, now?: () => number) {
  const lookup = checkedLookup(
    async (name) => (await resolve(name)).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    now,
  )
  return (name: string) =>
    new Promise<string[]>((done, failed) =>
      lookup(name, { all: true }, (error, addresses) =>
        error ? failed(error) : done((addresses as { address: string }[]).map(({ address }) => address)),
      ),
    )
}

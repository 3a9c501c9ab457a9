import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import dns from 'node:dns'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openUndiciNetwork } from './undici.ts'

/** A server of IPv4 only, that answers after a moment and counts who is connected. */
let server: Server
let port: number
let open = 0
let most = 0
before(async () => {
  server = createServer((socket: Socket) => {
    most = Math.max(most, ++open)
    socket.on('close', () => open--)
    socket.on('error', () => {})
    socket.on('data', () => {
      setTimeout(() => socket.writable && socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'), 20)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
after(() => server.close())

async function ask(network: ReturnType<typeof openUndiciNetwork>, host = '127.0.0.1'): Promise<string> {
  try {
    const { status, body } = await network.send({ method: 'GET', url: `http://${host}:${port}/`, headers: {} })
    for await (const _ of body);
    return String(status)
  } catch (error) {
    const { kind, sent } = error as { kind: string; sent: boolean }
    return `${kind}, ${sent ? 'sent' : 'not sent'}`
  }
}

test('F100: however many ask, one host has 64 connections, and everybody is answered', async () => {
  const network = openUndiciNetwork({ allow: [`127.0.0.1:${port}`] })
  try {
    most = 0
    const answers = await Promise.all(Array.from({ length: 500 }, () => ask(network)))
    assert.deepEqual(new Set(answers), new Set(['200']))
    assert.equal(most, 64)
  } finally {
    await network.close()
  }
})

/** In a process that may open fewer files than it wants connections. */
const starving = `
  import { openUndiciNetwork } from ${JSON.stringify(new URL('./undici.ts', import.meta.url).href)}
  const [port] = process.argv.slice(1)
  const network = openUndiciNetwork({ allow: ['127.0.0.1:' + port] })
  const ask = () => network.send({ method: 'GET', url: 'http://127.0.0.1:' + port + '/', headers: {} }).then(
    async ({ status, body }) => { for await (const _ of body); return String(status) },
    ({ kind, sent }) => kind + ', ' + (sent ? 'sent' : 'not sent'))
  const crowd = await Promise.all(Array.from({ length: 60 }, ask))
  const later = await ask()
  await network.close()
  console.log(JSON.stringify({ crowd: [...new Set(crowd)].sort(), later }))
`

test('F100: a process without a file descriptor left fails to connect, with nothing sent, and goes on when there is one', {
  skip: process.platform === 'win32',
}, async () => {
  const cwd = fileURLToPath(new URL('../../..', import.meta.url))
  const command = 'ulimit -n 45 && exec "$0" --input-type=module -e "$1" "$2"'
  const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, starving, String(port)], { cwd })
  assert.deepEqual(JSON.parse(stdout), { crowd: ['200', 'connect, not sent'], later: '200' })
})

test('F101: where IPv6 leads nowhere the host is reached by IPv4', async (t) => {
  const both = [
    { address: '100::1', family: 6 },
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ]
  t.mock.method(dns, 'lookup', (...args: unknown[]) => {
    const [, options, done] = args as [string, { all?: boolean }, (...answer: unknown[]) => void]
    if (options.all) done(null, both)
    else done(null, both[0]!.address, both[0]!.family)
  })
  const network = openUndiciNetwork({ allow: [`two-families.test:${port}`], limits: { connectMs: 2_000 } })
  try {
    assert.equal(await ask(network, 'two-families.test'), '200')
  } finally {
    await network.close()
  }
})

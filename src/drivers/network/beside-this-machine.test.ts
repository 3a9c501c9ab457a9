import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { NetworkFailure, readBody } from '../../ports/network.ts'
import { openNetworkBesideThisMachine } from './beside-this-machine.ts'

test('servers of this machine are reached, other private addresses are not', async () => {
  const server = createServer((_request, response) => response.end('here'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const network = openNetworkBesideThisMachine([])
  try {
    const { port } = server.address() as AddressInfo
    const answer = await network.send({ method: 'GET', url: `http://127.0.0.1:${port}/`, headers: {} })
    assert.equal(Buffer.from(await readBody(answer)).toString(), 'here')
    for (const url of [
      ...['http://10.0.0.1/', 'https://10.0.0.1/', 'https://169.254.169.254/', 'http://127.0.0.1.example/'],
      ...['http://192.168.0.1:4400/', 'ftp://127.0.0.1/', 'https://[fd00::1]/'],
    ])
      await assert.rejects(
        network.send({ method: 'GET', url, headers: {} }),
        (error) => error instanceof NetworkFailure && error.kind === 'blocked',
        url,
      )
  } finally {
    await network.close()
    await new Promise((resolve) => server.close(resolve))
  }
})

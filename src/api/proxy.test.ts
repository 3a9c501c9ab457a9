import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import Fastify from 'fastify'
import type { Engine } from '../engine/engine.ts'
import { serveProxy } from './proxy.ts'
import type { Serving } from './serve-route.ts'

test('whoever goes away before it is known who they are has nothing asked for them', async () => {
  const app = Fastify()
  const environment = { id: 'env_1', workspace: 'w', mode: 'test', createdAt: 0 } as const
  const connection = { environmentId: 'env_1', state: 'healthy', provider: 'acme', integrationId: 'int_1' }
  const forwarded = Promise.withResolvers<AbortSignal>()
  const engine = {
    recent: { connection: async () => connection, integration: async () => ({}) },
    setting: { providers: { in: async () => new Map([['acme', {}]]) } },
    gateway: {
      async forward(_target: unknown, _request: unknown, signal: AbortSignal) {
        forwarded.resolve(signal)
        return { status: 200, headers: {}, body: Buffer.from('{}') }
      },
    },
  }
  const socket = { current: connect({ port: 0, autoSelectFamily: false }).on('error', () => {}) }
  const serving = {
    async authenticate({ raw }: { raw: { socket: NodeJS.EventEmitter } }) {
      const closed = once(raw.socket, 'close')
      socket.current.destroy()
      await closed
      return { environment, actor: 'key:1', scopes: ['*'], via: 'key' }
    },
    rate: { count: async () => {} },
  }
  await app.register(async (scope) => serveProxy(scope, engine as unknown as Engine, serving as unknown as Serving))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  socket.current = connect(port, '127.0.0.1').on('error', () => {})
  socket.current.write('GET /v1/proxy/con_1/films HTTP/1.1\r\nhost: a\r\n\r\n')
  const signal = await forwarded.promise
  assert.equal(signal.aborted, true)
  await app.close()
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import Fastify from 'fastify'
import { SimulatedClock } from '../drivers/clock/simulated.ts'
import { limitRequestTime } from './request-time.ts'

test('T45: a body that drips in is given up after a minute, and one that is passed on is not', async () => {
  const clock = new SimulatedClock(0)
  const app = Fastify({ clientErrorHandler: (error, socket) => void socket.end(`gave up: ${error.code}`) })
  limitRequestTime(app, clock)
  let arrived = 0
  app.addHook('preParsing', (_request, _reply, payload, done) => {
    arrived++
    done(null, payload)
  })
  app.post('/v1/own', async () => ({}))
  app.post('/v1/proxy/:connection/*', async () => ({}))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const drip = async (path: string) => {
    const socket = connect(port, '127.0.0.1')
    const heard = { text: '', ended: once(socket, 'close') }
    socket.setEncoding('utf8').on('data', (text) => {
      heard.text += text
    })
    const before = arrived
    socket.write(`POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`)
    while (arrived === before) await new Promise((resolve) => setImmediate(resolve))
    return { socket, heard }
  }
  const [own, passed] = [await drip('/v1/own'), await drip('/v1/proxy/con_1/x')]
  await clock.run(() => clock.sleep(59_000))
  assert.equal(own.heard.text, '')
  await clock.run(() => clock.sleep(2_000))
  await own.heard.ended
  assert.equal(own.heard.text, 'gave up: ERR_HTTP_REQUEST_TIMEOUT')
  await clock.run(() => clock.sleep(3_600_000))
  assert.equal(passed.heard.text, '')
  passed.socket.destroy()
  await app.close()
})

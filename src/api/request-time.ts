import type { FastifyInstance } from 'fastify'
import type { Clock } from '../ports/clock.ts'

/** How long a request that is passed on may take to come in: a film over a slow line. */
export const passedOnMs = 15 * 60_000
/** What the server reads itself is small. */
const ownMs = 60_000

/**
 * T45: a client that drips its request does not hold a socket for ever. The server's own limit has to leave time for what is passed on, so what is read here
 * gets a shorter one, and ends the same way: with a 408 and without the connection.
 */
export function limitRequestTime(app: FastifyInstance, clock: Clock): void {
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const { headers } = request
    const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
    if (hasBody && !request.routeOptions.url?.startsWith('/v1/proxy/')) {
      const ended = new AbortController()
      payload.once('close', () => ended.abort()).once('end', () => ended.abort())
      clock.sleep(ownMs, ended.signal).then(
        () => {
          const { socket } = request.raw
          const error = Object.assign(new Error('The request took too long.'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
          app.server.emit('clientError', error, socket)
          socket.destroySoon()
        },
        () => {},
      )
    }
    done(null, payload)
  })
}

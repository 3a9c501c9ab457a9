import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Clock } from '../ports/clock.ts'

/** How long a request that is passed on may take to come in: a film over a slow line. */
export const passedOnMs = 15 * 60_000
/** What the server reads itself is small: it has so many steps. */
const ownSteps = 60
const stepMs = 1_000

/**
 * T45: a client that drips its request does not hold a socket for ever. The server's own limit has to leave time for what is passed on, so what is read here
 * gets a shorter one, and ends the same way: with a 408 and without the connection. One timer looks after all of them, once in each step: one of its own
 * for each request, and what it takes to end that, was a sixth of the time of a webhook. Steps are counted, so that a clock that is set ends nothing.
 */
export function limitRequestTime(app: FastifyInstance, clock: Clock): void {
  /** What is coming in, the oldest first, and in which step it began. */
  const coming = new Map<FastifyRequest['raw'], number>()
  const closing = new AbortController()
  let step = 0
  let watching = false

  app.addHook('preParsing', (request, _reply, payload, done) => {
    const { headers } = request
    const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
    if (hasBody && !request.routeOptions.url?.startsWith('/v1/proxy/')) {
      coming.set(request.raw, step)
      if (!watching) void watch()
    }
    done(null, payload)
  })
  // It is in. What ends in another way is found to have ended by the next look.
  app.addHook('preValidation', (request, _reply, done) => {
    coming.delete(request.raw)
    done()
  })
  app.addHook('onClose', async () => closing.abort('closing'))

  async function watch(): Promise<void> {
    watching = true
    while (coming.size > 0 && !closing.signal.aborted) {
      await clock.sleep(stepMs, closing.signal).catch(() => {})
      step++
      for (const [request, since] of coming) {
        const hasEnded = request.complete || request.destroyed
        if (!hasEnded && step - since < ownSteps) continue
        coming.delete(request)
        if (!hasEnded) giveUp(request)
      }
    }
    watching = false
  }

  function giveUp({ socket }: FastifyRequest['raw']): void {
    const error = Object.assign(new Error('The request took too long.'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
    app.server.emit('clientError', error, socket)
    socket.destroySoon()
  }
}

import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { eventJson } from '../engine/delivery/event-body.ts'
import type { Engine } from '../engine/engine.ts'
import { type EventReader, type EventWriter, openEventReaders, patienceMs } from './event-readers.ts'
import { closeAtStop, socketOptions, tellSocket } from './event-socket.ts'
import type { Serving } from './serve-route.ts'
import { writeInTime } from './write-in-time.ts'

const path = '/v1/events/stream'

/** Whether a request may leave HTTP. Whatever else offers an upgrade, as some clients do with every request, is answered as if it had not. */
export const isStreamUpgrade = ({ url, headers }: Pick<FastifyRequest['raw'], 'url' | 'headers'>): boolean =>
  url?.split('?', 1)[0] === path && headers.upgrade?.toLowerCase() === 'websocket'

/**
 * `GET /v1/events/stream`: events as they come, as server-sent events or, where the client asks for that, over a WebSocket. Who is refused hears so in HTTP
 * either way. One that does not read what it is sent is cut off, and can go on where it was.
 */
export async function serveEventStream(app: FastifyInstance, engine: Engine, serving: Serving): Promise<void> {
  const { clock, log } = engine.deps
  const readers = openEventReaders(engine, serving)
  const admitted = new WeakMap<FastifyRequest, EventReader>()
  await app.register(fastifyWebsocket, {
    options: socketOptions,
    async preClose() {
      for (const socket of app.websocketServer.clients) closeAtStop(socket)
      app.websocketServer.close()
    },
  })
  app.route({
    method: 'GET',
    url: path,
    schema: { hide: true },
    exposeHeadRoute: false,
    async preHandler(request, reply) {
      // After a refusal nothing reads that connection any more: without this, the client's next request would go there.
      if (request.ws) reply.header('connection', 'close')
      const reader = await readers.admit(request, reply)
      admitted.set(request, reader)
      if (!request.ws) return
      // Also where the rest of the handshake fails.
      request.raw.socket.once('close', reader.leave)
      if (request.raw.socket.destroyed) reader.leave()
    },
    handler: (request, reply) => tellResponse(admitted.get(request)!, reply),
    wsHandler: (socket, request) => tellSocket(engine, readers, admitted.get(request)!, socket),
  })

  async function tellResponse(reader: EventReader, reply: FastifyReply): Promise<void> {
    reply.hijack()
    const response = reply.raw
    const gone = new AbortController()
    response.once('close', () => gone.abort('the reader went away'))
    // While it was let in.
    if (response.destroyed) gone.abort('the reader went away')
    response.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    })
    const write = (text: string) => writeInTime(response, text, { clock, patienceMs, signal: gone.signal })
    try {
      await readers.tell(reader, framesInto(write), gone.signal)
      response.end()
    } catch (error) {
      const { request, environmentId } = reader
      if (!gone.signal.aborted) log.warn('api.stream_broken', { requestId: request.id, environmentId, error })
      response.destroy()
    } finally {
      reader.leave()
    }
  }
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html, with the place as `id`. Whoever lost it comes back after a second. */
const framesInto = (write: (text: string) => Promise<void>): EventWriter => ({
  begins: (place) => write(`retry: 1000\nid: ${place}\n: patchbay\n\n`),
  events: (events) =>
    write(events.map((event) => `id: ${event.position}\ndata: ${JSON.stringify(eventJson(event))}\n\n`).join('')),
  stillHere: (place) => write(`id: ${place}\n: still here\n\n`),
})

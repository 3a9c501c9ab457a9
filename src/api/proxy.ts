import { Readable } from 'node:stream'
import { Fault } from '@patchbay/kit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { targetOf } from '../engine/catalog/target-of.ts'
import type { Engine } from '../engine/engine.ts'
import { headersOf } from './authenticate.ts'
import type { Serving } from './serve-route.ts'

/** Somebody waits for it. */
const patienceMs = 30_000
/**
 * `/v1/proxy/{connection}/{path}`: the provider's own API as that connection, authorized, within every limit, logged. Status, body and the provider's headers
 * come back as they are; what Patchbay itself has to say is a problem document with the header `patchbay-fault`.
 */
export function serveProxy(app: FastifyInstance, engine: Engine, serving: Serving): void {
  // The body is passed on as it comes, whatever it is.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

  app.route({
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/v1/proxy/:connection/*',
    schema: { hide: true },
    bodyLimit: Number.MAX_SAFE_INTEGER,
    async handler(request, reply) {
      const caller = await serving.authenticate(request, 'proxy:call')
      serving.rate.count(caller, reply)
      const { connection } = request.params as { connection: string }
      const target = await targetOf(engine.deps, engine.setting, caller.environment, connection, {
        lane: 'interactive',
        patienceMs,
      })
      const gone = new AbortController()
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) gone.abort(new Fault('input.conflict', 'The client went away.'))
      })
      const host = request.headers['x-patchbay-host']
      const answer = await engine.gateway.forward(
        target,
        {
          method: request.method,
          ...addressOf(request, connection),
          host: typeof host === 'string' ? host : undefined,
          headers: headersOf(request),
          body:
            request.method === 'GET' || request.method === 'HEAD' ? undefined : (request.body as Readable | undefined),
        },
        gone.signal,
      )
      // Our own limit is ours to say; theirs is theirs. Both at once could not be told apart.
      reply.removeHeader('ratelimit')
      reply.removeHeader('ratelimit-policy')
      return reply.code(answer.status).headers(answer.headers).send(Readable.from(answer.body))
    },
  })
}

/** As it was sent: decoding and encoding again would change what some providers sign. */
function addressOf(request: FastifyRequest, connection: string): { path: string; query: string } {
  const [path = '', ...query] = request.url.slice(`/v1/proxy/${encodeURIComponent(connection)}`.length).split('?')
  return { path, query: query.join('?') }
}

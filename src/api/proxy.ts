import { isAscii, isUtf8 } from 'node:buffer'
import { Readable } from 'node:stream'
import { Fault, isFault } from '@patchbay/kit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { targetOf } from '../engine/catalog/target-of.ts'
import type { Engine } from '../engine/engine.ts'
import { problemOf, sendProblem } from './problem.ts'
import { isIdText } from './route.ts'
import { type Serving, signalOf } from './serve-route.ts'

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
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, request.id)
    const about = { requestId: request.id, route: 'proxy', error }
    if (problem.code === 'platform.bug') engine.deps.log.error('api.bug', about)
    else if (!isFault(error)) engine.deps.log.warn('api.store_in_the_way', about)
    // The provider's own answers may be problem documents, too.
    return sendProblem(reply.header(faultHeader, problem.code), problem)
  })

  app.route({
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/v1/proxy/:connection/*',
    schema: { hide: true },
    bodyLimit: Number.MAX_SAFE_INTEGER,
    async handler(request, reply) {
      const caller = await serving.authenticate(request, 'proxy:call')
      // Our own limit is ours to say; theirs is theirs. Both at once could not be told apart.
      await serving.rate.count(caller, null)
      const { connection } = request.params as { connection: string }
      if (!isIdText(connection)) throw new Fault('input.unknown', 'There is no such connection.')
      const target = await targetOf(engine.recent, engine.setting, caller.environment, connection, {
        lane: 'interactive',
        patienceMs,
      })
      const host = request.headers['x-patchbay-host']
      const answer = await engine.gateway.forward(
        target,
        {
          method: request.method,
          ...addressOf(request),
          host: typeof host === 'string' ? host : undefined,
          headers: request.headers,
          body:
            request.method === 'GET' || request.method === 'HEAD' ? undefined : (request.body as Readable | undefined),
        },
        signalOf(request, reply),
      )
      const headers: NodeJS.Dict<string | number | string[]> = reply.getHeaders()
      for (const name in answer.headers)
        if (!ours.has(name) && !name.startsWith('access-control-')) headers[name] = answer.headers[name]
      const { status, body } = answer
      if (!(body instanceof Uint8Array)) return reply.code(status).headers(headers).send(Readable.from(body))
      // Past the framework, which would have the content type say more than the provider did.
      if (request.method !== 'HEAD' && !bodiless.has(status)) headers['content-length'] = body.length
      writeWhole(reply.raw.writeHead(status, headers), body)
      return reply.hijack()
    },
  })
}

/**
 * Text goes out together with the headers in one write, bytes in a second one that costs as much as everything else here. What is not UTF-8 to the last
 * byte stays as it is.
 */
function writeWhole(response: FastifyReply['raw'], body: Uint8Array): void {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  // Nearly all text is, and needs no encoding.
  if (isAscii(bytes)) response.end(bytes.toString('latin1'), 'latin1')
  else response.end(isUtf8(bytes) ? bytes.toString('utf8') : bytes)
}

const bodiless = new Set([204, 304])

/** Only on what Patchbay says itself. */
export const faultHeader = 'patchbay-fault'

/** Also of what never gets here, because of its method or because it cannot be read: whoever calls a provider must know who said no. */
export const isProxied = (url: string): boolean => url.startsWith('/v1/proxy/')

/**
 * What browsers make of an answer is for the origin to say that they got it from, which is ours: a page of the provider must not become a page of
 * Patchbay with whatever scripts, frames and workers its own headers allow. And there is one name of a request, ours.
 */
const ours = new Set([
  'clear-site-data',
  'content-security-policy',
  'content-security-policy-report-only',
  'cross-origin-embedder-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  faultHeader,
  'link',
  'nel',
  'permissions-policy',
  'referrer-policy',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'service-worker-allowed',
  'x-content-type-options',
  'x-frame-options',
  'x-request-id',
])

/** As it was sent: decoding and encoding again would change what some providers sign. */
function addressOf(request: FastifyRequest): { path: string; query: string } {
  const [, path = '', query = ''] = /^\/v1\/proxy\/[^/?]*([^?]*)\??(.*)$/s.exec(request.url) ?? []
  return { path, query }
}

import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Engine } from '../engine/engine.ts'
import { acknowledged } from '../engine/inbox/hooks.ts'
import { everywhere } from './everywhere.ts'
import { escapeHtml, page } from './page.ts'
import { isIdText, iso } from './route.ts'

/** More than any platform sends: Meta's batches of a thousand changes are the largest that are documented. */
const mostBytes = 1024 * 1024

/**
 * `/hooks/{integration}`: where platforms send their webhooks to, and below it what else the manifest names, such as a request to delete. The body is taken
 * as bytes and as nothing else, since those are what was signed. No key is asked for: the signature says who it is.
 */
export function serveHooks(app: FastifyInstance, engine: Engine): void {
  app.removeAllContentTypeParsers()
  // By name as well, where most messages find it at once.
  for (const type of ['application/json', 'application/x-www-form-urlencoded', '*'])
    app.addContentTypeParser(type, { parseAs: 'buffer', bodyLimit: mostBytes }, (_request, body, done) =>
      done(null, body),
    )
  const methods: ('GET' | 'POST' | 'PUT')[] = ['GET', 'POST', 'PUT']
  const options = { schema: { hide: true }, config: { acknowledges: true }, errorHandler: countUnread } as const

  app.route({
    ...options,
    method: methods,
    url: '/hooks/:integration',
    handler: (request, reply) => receive(request, reply, null),
  })
  app.route({
    ...options,
    method: methods,
    url: '/hooks/:integration/:callback',
    handler: (request, reply) => receive(request, reply, (request.params as { callback: string }).callback),
  })
  app.get('/hooks/:integration/deletions/:code', { schema: { hide: true } }, async (request, reply) => {
    const { integration, code } = request.params as { integration: string; code: string }
    const { state, provider, receivedAt, doneAt } = await engine.hooks.deletion(integration, code)
    const says = {
      waiting: `Your request came from ${provider} on ${day(receivedAt)} and is being carried out.`,
      done: `Everything of your account on ${provider} that was stored here was deleted on ${day(doneAt ?? receivedAt)}.`,
      failed: `Your request came from ${provider} on ${day(receivedAt)} and could not be carried out yet. It is looked at by hand.`,
    }[state]
    const { text, headers } = page({
      title: 'Deletion of data',
      body: `<h1>Deletion of data</h1>\n<p>${escapeHtml(says)}</p>\n<p><small>Confirmation code ${escapeHtml(code)}</small></p>`,
    })
    return reply.headers(headers).type('text/html; charset=utf-8').send(text)
  })

  /** What the framework refuses while it reads the body is counted with what is refused afterwards, and answered as everywhere. */
  function countUnread(error: FastifyError, request: FastifyRequest): never {
    if (error.code?.startsWith('FST_ERR_CTP_')) {
      const because = error.code === 'FST_ERR_CTP_BODY_TOO_LARGE' ? 'too_large' : 'malformed'
      void engine.hooks.turnedAway(idOf(request), because)
    }
    throw error
  }

  /** Answers by itself, when it can: a promise of an answer would be one more to wait for. */
  function receive(request: FastifyRequest, reply: FastifyReply, callback: string | null): void {
    const { method, headers, query } = request
    engine.hooks
      .receive(idOf(request), callback, {
        method,
        url: `${engine.setting.publicUrl}${request.url}`,
        query: textsOf(query as Record<string, unknown>),
        headers: headers['set-cookie'] === undefined ? (headers as Record<string, string>) : textsOf(headers),
        body: (request.body as Buffer | undefined) ?? new Uint8Array(),
      })
      .then(
        (answer) => {
          if (answer === acknowledged) acknowledge(request, reply)
          else reply.headers(everywhere).code(answer.status).type(answer.contentType).send(answer.body)
        },
        (error: Error) => reply.send(error),
      )
  }
}

/** What is no id of ours is looked up nowhere, and answered as one that is not there. */
function idOf({ params }: FastifyRequest): string {
  const { integration } = params as { integration: string }
  return isIdText(integration) ? integration : ''
}

/** Past the framework, which would take longer to find out what an answer is that is always the same. */
function acknowledge(request: FastifyRequest, reply: FastifyReply): void {
  const { status, contentType, body } = acknowledged
  const headers = { 'x-request-id': request.id, 'content-type': contentType, 'content-length': Buffer.byteLength(body) }
  reply.hijack()
  reply.raw.writeHead(status, headers).end(body)
}

const day = (at: number) => iso(at).slice(0, 10)

/** One text each: what came twice is both with a comma between them, as in a header. */
function textsOf(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const name in values) if (values[name] !== undefined) texts[name] = String(values[name])
  return texts
}

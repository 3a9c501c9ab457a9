import { Fault } from '@patchbay/kit'
import type { FastifyInstance } from 'fastify'
import type { People } from '../ports/people.ts'
import { headersOf } from './authenticate.ts'

/** Sign-in for people below `/auth/`. */
export function serveSignIn(app: FastifyInstance, people: People): void {
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body))

  app.all('/auth/*', { schema: { hide: true } }, async (request, reply) => {
    const url = URL.parse(request.url, `${request.protocol}://${request.headers.host}`)
    if (!url) throw new Fault('input.invalid', 'The request names no host that can be.', { field: 'host' })
    const answer = await people.handle(
      new Request(url, {
        method: request.method,
        headers: headersOf(request),
        body:
          request.method === 'GET' || request.method === 'HEAD'
            ? undefined
            : ((request.body as string | undefined) ?? ''),
      }),
    )
    reply.code(answer.status)
    for (const [name, value] of answer.headers) if (name !== 'set-cookie') reply.header(name, value)
    for (const cookie of answer.headers.getSetCookie()) reply.header('set-cookie', cookie)
    return reply.send(Buffer.from(await answer.arrayBuffer()))
  })
}

import Fastify from 'fastify'
import pg from 'pg'
import { Pool } from 'undici'
import { serveParent } from './child.ts'

/** What somebody would write who wants to pass requests on, or to read a row, and nothing else. */
await serveParent(async ({ port, upstream, database }: { port: number; upstream: string; database: string }) => {
  const app = Fastify({ logger: false, keepAliveTimeout: 72_000 })
  const wire = new Pool(upstream, { connections: 64 })
  // The owner sees no row either: a session of its own for one environment needs no statement for that.
  const rows = new pg.Pool({
    connectionString: database,
    max: 12,
    options: '-c role=patchbay_tenant -c app.environment=env_test',
  })
  rows.on('error', () => {})

  app.get('/proxy/*', async (request, reply) => {
    const answer = await wire.request({
      path: `/api.bench.example/${(request.params as { '*': string })['*']}`,
      method: 'GET',
      headers: { authorization: 'Bearer token' },
    })
    return reply
      .code(answer.statusCode)
      .header('content-type', answer.headers['content-type'] as string)
      .send(answer.body)
  })

  app.get('/credentials/:id', async (request, reply) => {
    const { id } = request.params as { id: string }
    const found = await rows.query({
      name: 'grant',
      text: 'select access, access_expires_at, scopes from account_grant where environment_id = $1 and id = $2',
      values: ['env_test', id],
    })
    const { access, access_expires_at, scopes } = found.rows[0]
    return reply.send({ accessToken: access, expiresAt: access_expires_at, scopes })
  })

  await app.listen({ port, host: '127.0.0.1' })
  return {
    answer: () => null,
    close: async () => {
      await app.close()
      await wire.destroy()
      await rows.end()
    },
  }
})

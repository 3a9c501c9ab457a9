import { createHash, createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import Fastify, { type FastifyRequest } from 'fastify'
import pg from 'pg'
import { serveParent } from './child.ts'
import { benchSecret } from './our-server.ts'

/**
 * What somebody would write who wants to store webhooks before answering, and nothing else: `/group` commits what has gathered together, `/single` each
 * message by itself.
 */
await serveParent(async ({ port, database }: { port: number; database: string }) => {
  const app = Fastify({ logger: false, keepAliveTimeout: 72_000 })
  const rows = new pg.Pool({ connectionString: database, max: 12 })
  rows.on('error', () => {})
  await rows.query(`
    create table if not exists bare_message (
      id text primary key, dedupe text not null unique, headers jsonb not null, body bytea not null, received_at timestamptz not null)`)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  const waiting: { row: unknown[]; done: () => void; failed: (error: unknown) => void }[] = []
  let pumping = false

  async function pump(): Promise<void> {
    pumping = true
    while (waiting.length > 0) {
      const group = waiting.splice(0, 500)
      const columns = [0, 1, 2, 3, 4].map((column) => group.map(({ row }) => row[column]))
      await rows.query({ name: 'group', text: insertMany, values: columns }).then(
        () => {
          for (const { done } of group) done()
        },
        (error) => {
          for (const { failed } of group) failed(error)
        },
      )
    }
    pumping = false
  }

  function rowOf(request: FastifyRequest): unknown[] | null {
    const body = request.body as Buffer
    const signature = createHmac('sha256', benchSecret).update(body).digest()
    const given = Buffer.from(String(request.headers['x-signature'] ?? ''), 'hex')
    if (given.length !== signature.length || !timingSafeEqual(given, signature)) return null
    const dedupe = createHash('sha256').update(body).digest('base64url')
    return [randomUUID(), dedupe, JSON.stringify(request.headers), body, new Date()]
  }

  app.post('/group', async (request, reply) => {
    const row = rowOf(request)
    if (!row) return reply.code(401).send('no')
    await new Promise<void>((done, failed) => {
      waiting.push({ row, done, failed })
      if (!pumping) void pump()
    })
    return reply.type('text/plain').send('ok')
  })

  app.post('/single', async (request, reply) => {
    const row = rowOf(request)
    if (!row) return reply.code(401).send('no')
    await rows.query({ name: 'single', text: insertOne, values: row })
    return reply.type('text/plain').send('ok')
  })

  await app.listen({ port, host: '127.0.0.1' })
  return {
    answer: () => null,
    close: async () => {
      await app.close()
      await rows.end()
    },
  }
})

const insertMany = `
insert into bare_message (id, dedupe, headers, body, received_at)
select * from unnest($1::text[], $2::text[], $3::jsonb[], $4::bytea[], $5::timestamptz[])
on conflict (dedupe) do nothing`

const insertOne = `
insert into bare_message (id, dedupe, headers, body, received_at) values ($1, $2, $3, $4, $5) on conflict (dedupe) do nothing`

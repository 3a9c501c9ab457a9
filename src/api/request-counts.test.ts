import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { SimulatedClock } from '../drivers/clock/simulated.ts'
import { openCapturedLog } from '../drivers/log/captured.ts'
import type { History, RequestCount } from '../ports/history.ts'
import { problemType } from './problem.ts'
import { faultHeader } from './proxy.ts'
import { countRequests } from './request-counts.ts'

const start = Date.parse('2026-10-05T12:00:30Z')

test('requests are counted by operation, and wait while they cannot be written', async () => {
  const clock = new SimulatedClock(start)
  const written: (readonly RequestCount[])[] = []
  let isAway = true
  const history = {
    async countRequests(counts: readonly RequestCount[]) {
      if (isAway) throw new Error('away')
      written.push(counts)
    },
  } as unknown as History
  const app = Fastify()
  const counts = countRequests(app, { clock, history, log: openCapturedLog() })
  app.get('/works', { schema: { operationId: 'things.list' } as object }, async (request) => {
    counts.recognise(request, 'env_1')
    return {}
  })
  const problem = (status: number) => async (_: unknown, reply: import('fastify').FastifyReply) =>
    reply.code(status).type(problemType).send('{}')
  app.get('/refused', { schema: { operationId: 'things.read' } as object }, problem(404))
  app.get('/broken', { schema: { operationId: 'things.read' } as object }, problem(500))
  app.get('/upstream', { schema: { operationId: 'things.read' } as object }, problem(502))
  app.get('/page', async () => 'a page')
  // Both ways in which an answer of a platform is passed on.
  app.get('/v1/proxy/whole', async (request, reply) => {
    counts.recognise(request, 'env_1')
    reply.raw.writeHead(500).end('theirs')
    return reply.hijack()
  })
  app.get('/v1/proxy/ours', async (_, reply) => reply.code(503).header(faultHeader, 'platform.busy').send('{}'))

  for (const url of [
    '/works',
    '/works',
    '/refused',
    '/broken',
    '/upstream',
    '/page',
    '/v1/proxy/whole',
    '/v1/proxy/ours',
  ])
    await app.inject(url)
  await counts.flush()
  assert.deepEqual(written, [])
  isAway = false
  await app.inject('/works')
  await app.close()
  const minute = Date.parse('2026-10-05T12:00:00Z')
  const none = { ok: 0, refused: 0, failed: 0, upstream: 0, left: 0 }
  assert.deepEqual(written, [
    [
      { environmentId: 'env_1', operation: 'things.list', minute, ...none, ok: 3 },
      { environmentId: '', operation: 'things.read', minute, ...none, refused: 1, failed: 2, upstream: 1 },
      { environmentId: 'env_1', operation: 'proxy', minute, ...none, ok: 1 },
      { environmentId: '', operation: 'proxy', minute, ...none, failed: 1 },
    ],
  ])
})

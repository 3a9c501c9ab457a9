import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client'
import type { Engine } from '../engine/engine.ts'
import { inEachEnvironment } from '../engine/in-each-environment.ts'
import { type ConnectionState, connectionEdges } from '../ports/connections.ts'
import { troubleOf } from '../ports/store-trouble.ts'
import { openAnswerCounter } from './answer-counter.ts'
import { openBacklogGauges } from './backlog-gauges.ts'

const mostIncidents = 100
const states = Object.keys(connectionEdges) as ConnectionState[]

/** A planner that said nothing for so long is not at work. */
const heartbeatMs = 60_000

/**
 * For load balancers and monitoring: `/health` says the process answers, `/ready` that it can do its work, `/metrics` is Prometheus. One that was told to
 * stop is healthy and not ready: it goes on answering until others have taken over.
 */
export function serveHealth(app: FastifyInstance, engine: Engine, registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  const database = new Gauge({
    name: 'patchbay_database_up',
    help: 'Whether the database could be asked for the numbers that are in it. While it could not, they are absent, and those of the process are there',
    registers: [registry],
  })
  const lag = new Gauge({
    name: 'patchbay_planner_lag_seconds',
    help: 'How long the most overdue stream has been due',
    registers: [registry],
  })
  const connections = new Gauge({
    name: 'patchbay_connections',
    help: 'Connections of the whole installation by state, whichever process is asked',
    labelNames: ['environment', 'state'],
    registers: [registry],
  })
  openAnswerCounter(engine, registry)
  const backlog = openBacklogGauges(engine, registry)
  const incidents = new Gauge({
    name: 'patchbay_incidents_open',
    help: `Apps and platforms with something wrong now, counted up to ${mostIncidents} an environment`,
    labelNames: ['environment'],
    registers: [registry],
  })

  app.get('/health', { schema: { hide: true } }, async () => ({ status: 'ok' }))

  app.get('/ready', { schema: { hide: true } }, async (_request, reply) => {
    const checks = await readiness(engine)
    const ready = Object.values(checks).every(({ ok }) => ok)
    return reply.code(ready ? 200 : 503).send({ ready, checks })
  })

  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    const notes = await countStored().catch((error: unknown) => {
      if (troubleOf(error) === null) throw error
      engine.deps.log.warn('metrics.not_counted', { error })
      return null
    })
    // What could not be counted, in an environment or at all, has no number, and not that of the time before.
    for (const gauge of [connections, incidents, backlog]) gauge.reset()
    lag.remove()
    for (const note of notes ?? []) note()
    database.set(notes ? 1 : 0)
    return reply.type(registry.contentType).send(await registry.metrics())
  })

  /** Gives what notes the numbers. */
  async function countStored(): Promise<(() => void)[]> {
    const { directory, journal, connections: stored, schedule, clock, log } = engine.deps
    const dueAt = await schedule.nextDueAt()
    const overdueSeconds = dueAt === null ? 0 : Math.max(0, (clock.now() - dueAt) / 1000)
    const notes = [() => lag.set(overdueSeconds)]
    await inEachEnvironment({ log }, await directory.environments(), 'metrics.not_counted', async ({ id }) => {
      const [counts, open, noteBacklog] = await Promise.all([
        stored.count(id),
        journal.readIncidents(id, { limit: mostIncidents, open: true }),
        backlog.look(id),
      ])
      notes.push(noteBacklog, () => {
        for (const state of states) connections.set({ environment: id, state }, counts[state] ?? 0)
        incidents.set({ environment: id }, open.length)
      })
    })
    return notes
  }
}

async function readiness(engine: Engine): Promise<Record<string, { ok: boolean; says: string }>> {
  const database = await engine.deps.schedule.nextDueAt().then(
    () => ({ ok: true, says: 'answers' }),
    () => ({ ok: false, says: 'does not answer' }),
  )
  const beat = engine.planner?.lastBeatAt() ?? null
  const now = engine.deps.clock.now()
  const planner =
    engine.planner === null
      ? { ok: true, says: 'not in this process' }
      : beat !== null && now - beat < heartbeatMs
        ? { ok: true, says: 'at work' }
        : { ok: false, says: 'has not looked for work lately' }
  const stopping = engine.isStopping() ? { ok: false, says: 'was told to stop' } : { ok: true, says: 'goes on' }
  // It is ready in either way; which it is says how quick.
  const quotas = { ok: true, says: engine.deps.limiter.standing?.() ?? 'PostgreSQL decides' }
  return { database, quotas, planner, process: stopping }
}

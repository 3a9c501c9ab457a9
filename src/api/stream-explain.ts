import { Fault } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { quotasUnder } from '../engine/quota/draws.ts'
import { quotaUsage } from '../engine/quota/usage.ts'
import { explainStream, waitsFor } from '../engine/sync/explain-stream.ts'
import { streamState } from '../engine/watch/stream-state.ts'
import { cadenceJson, cadenceToJson } from './cadence.ts'
import { runJson, runToJson } from './journal.ts'
import { fixers } from './problem.ts'
import { idText, instant, iso, route } from './route.ts'

const reasonJson = z.strictObject({
  what: z.enum(waitsFor),
  says: z.string(),
  quota: z.string().nullable(),
  since: instant.nullable(),
  until: instant.nullable(),
  fixedBy: z.enum(fixers).nullable(),
})

const explanationJson = z.strictObject({
  connection: z.string(),
  stream: z.string(),
  state: z.string(),
  syncedAt: instant.nullable(),
  /** By when it should have been read again, and how much later than that it is; null while it is young enough. */
  promisedAt: instant.nullable(),
  lateMs: z.number().nullable(),
  dueAt: instant,
  cadence: cadenceJson.nullable(),
  /** What it waits for now, and then what lessens what it brings. */
  reasons: z.array(reasonJson),
  /** The last ones, newest first. */
  runs: z.array(runJson),
})

/** Why a stream is as old as it is. */
export function streamExplainRoutes(engine: Engine) {
  const { deps, setting } = engine
  return [
    route({
      method: 'GET',
      path: '/v1/connections/{id}/streams/{stream}/explain',
      name: 'connections.explainStream',
      summary:
        'Why a stream is as old as it is: when it is due, what it waits for, since when, who ends that, and its last runs',
      scope: 'connections:read',
      params: z.strictObject({ id: idText, stream: idText }),
      answer: explanationJson,
      handle: async ({ params, caller }) => {
        const { environment } = caller
        const connection = await deps.connections.read(environment.id, params.id)
        if (!connection) throw new Fault('input.unknown', 'There is no such connection.')
        const slots = await deps.schedule.of(environment.id, [connection.id])
        const slot = slots.find(({ stream }) => stream === params.stream)
        if (!slot) throw new Fault('input.unknown', `The connection has no stream "${params.stream}".`)
        const key = { connectionId: connection.id, stream: slot.stream }
        const provider = setting.providers.get(connection.provider)
        const [integration, cadences, [note], runs, queueSince] = await Promise.all([
          deps.directory.integration(environment.id, connection.integrationId),
          engine.attend.of(connection, [slot]),
          deps.streamNotes.notes(environment.id, [key]),
          deps.journal.readRuns(environment.id, { ...key, limit: 10 }),
          deps.schedule.nextDueAt(),
        ])
        const known = provider && integration ? { provider, integration, environment } : null
        const usage = known ? await quotaUsage(deps, known) : []
        const quotas = known ? quotasUnder(known) : []
        const now = deps.clock.now()
        const cadence = cadences.get(slot.stream) ?? null
        const explained = explainStream({
          ...{ connection, integration, slot, cadence, note: note!, quotas, runs, queueSince, now },
          parked: usage.flatMap(({ quota, parkedUntil }) =>
            parkedUntil === null ? [] : [{ quota, until: parkedUntil }],
          ),
        })
        return {
          ...{ connection: connection.id, stream: slot.stream, state: streamState(slot, now, quotas).state },
          ...{ syncedAt: iso(slot.syncedAt), promisedAt: iso(explained.promisedAt), lateMs: explained.lateMs },
          ...{ dueAt: iso(slot.dueAt), cadence: cadenceToJson(cadence ?? undefined) },
          reasons: explained.reasons.map(({ since, until, ...reason }) => ({
            ...reason,
            since: iso(since),
            until: iso(until),
          })),
          runs: runs.map(runToJson),
        }
      },
    }),
  ]
}

import { Fault } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import type { Cadence } from '../engine/sync/tiers.ts'
import type { Connection } from '../ports/connections.ts'
import type { ChosenCadence } from '../ports/stream-notes.ts'
import { idText, instant, iso, route } from './route.ts'

export const cadenceJson = z.strictObject({
  everyMs: z.number(),
  tier: z.enum(['hourly', 'six_hourly', 'daily', 'chosen', 'declared']),
  /** Why so often and not more or less. */
  why: z.string(),
  /** When it ends by itself: of what somebody chose. */
  until: instant.nullable(),
})

export const cadenceToJson = (cadence: Cadence | undefined): z.input<typeof cadenceJson> | null =>
  cadence ? { ...cadence, until: iso(cadence.until) } : null

const chosenJson = z.strictObject({
  every: z.string(),
  reason: z.string(),
  by: z.string(),
  at: instant,
  until: instant,
})

const answer = z.strictObject({
  /** When somebody last looked at its numbers, to a quarter of an hour. */
  lookedAt: instant.nullable(),
  /** What somebody chose, while it holds. */
  chosen: chosenJson.nullable(),
  streams: z.array(cadenceJson.extend({ stream: z.string() })),
})

const params = z.strictObject({ id: idText })

/** How often a connection is read: by the rule, or as somebody chose for a while. */
export function cadenceRoutes(engine: Engine) {
  const { deps } = engine
  return [
    route({
      method: 'GET',
      path: '/v1/connections/{id}/cadence',
      name: 'connections.cadence',
      summary: 'How often each stream of a connection is read, and why',
      scope: 'connections:read',
      params,
      answer,
      handle: async ({ params, caller }) => standing(await found(caller.environment.id, params.id)),
    }),
    route({
      method: 'PUT',
      path: '/v1/connections/{id}/cadence',
      name: 'connections.chooseCadence',
      summary: 'Read a connection more or less often for a while, within what its quotas can bear',
      scope: 'connections:write',
      params,
      body: z.strictObject({
        /** From `1h` to `24h`. A stream is read no more often than its numbers move, and no less than a day old. */
        every: z.string().regex(/^\d{1,4}[mh]$/, 'Write it as 1h or 90m.'),
        reason: z.string().trim().min(1).max(200),
        /** A year away at most. */
        until: z.iso.datetime({ offset: true }),
      }),
      answer,
      handle: async ({ params, body, caller }) => {
        const connection = await found(caller.environment.id, params.id)
        await engine.attend.choose(connection, { ...body, until: Date.parse(body.until) }, caller.actor)
        return standing(connection)
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/connections/{id}/cadence',
      name: 'connections.clearCadence',
      summary: 'Go back to the rule',
      scope: 'connections:write',
      params,
      answer,
      handle: async ({ params, caller }) => {
        const connection = await found(caller.environment.id, params.id)
        await engine.attend.choose(connection, null, caller.actor)
        return standing(connection)
      },
    }),
  ]

  async function standing(connection: Connection): Promise<z.input<typeof answer>> {
    const { environmentId, id } = connection
    const slots = await deps.schedule.of(environmentId, [id])
    const [cadences, [attention]] = await Promise.all([
      engine.attend.of(connection, slots),
      deps.streamNotes.attention(environmentId, [id]),
    ])
    const { lookedAt, chosen } = attention!
    return {
      lookedAt: iso(lookedAt),
      chosen: chosen !== null && chosen.until > deps.clock.now() ? chosenToJson(chosen) : null,
      streams: [...cadences].map(([stream, cadence]) => ({ stream, ...cadenceToJson(cadence)! })),
    }
  }

  async function found(environmentId: string, id: string): Promise<Connection> {
    const connection = await deps.connections.read(environmentId, id)
    if (!connection) throw new Fault('input.unknown', 'There is no such connection.')
    return connection
  }
}

const chosenToJson = ({ at, until, ...chosen }: ChosenCadence): z.input<typeof chosenJson> => ({
  ...chosen,
  at: iso(at),
  until: iso(until),
})

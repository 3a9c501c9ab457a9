import { Fault } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { askForBackfill, type BackfillMove, moveBackfill } from '../engine/sync/backfill-jobs.ts'
import { backfillOutlook } from '../engine/sync/run-backfill.ts'
import { type Backfill, backfillStates } from '../ports/backfills.ts'
import { fixedByOf, fixers } from './problem.ts'
import { cutPage, dayText, idText, instant, iso, pageOf, paging, route } from './route.ts'

const backfillJson = z.strictObject({
  id: z.string(),
  connection: z.string(),
  provider: z.string(),
  stream: z.string(),
  from: z.string(),
  to: z.string(),
  state: z.enum(backfillStates),
  /** Why it waits or stopped, and who ends that. */
  fault: z.string().nullable(),
  says: z.string().nullable(),
  fixedBy: z.enum(fixers).nullable(),
  /** When it goes on, where it waits. */
  readyAt: instant.nullable(),
  pages: z.number(),
  calls: z.number(),
  /** Values and items that were new or different. */
  written: z.number(),
  /** Of its days, 0–1. */
  share: z.number(),
  /** When it will be done at this pace; null where nothing says so yet. */
  endsAt: instant.nullable(),
  by: z.string(),
  createdAt: instant,
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
})

/** Days of the past that somebody wants read, behind everything else. */
export function backfillRoutes(engine: Engine) {
  const { deps, setting } = engine
  const asking = { ...deps, ...setting }
  return [
    route({
      method: 'POST',
      path: '/v1/connections/{id}/backfill',
      name: 'backfills.create',
      summary: 'Read days of the past again or for the first time, behind everything else',
      scope: 'connections:write',
      status: 202,
      params: z.strictObject({ id: idText }),
      body: z.strictObject({ stream: idText, from: dayText, to: dayText }),
      answer: backfillJson,
      handle: async ({ params, body, caller }) => {
        const connection = await deps.connections.read(caller.environment.id, params.id)
        if (!connection) throw new Fault('input.unknown', 'There is no such connection.')
        return toJson(await askForBackfill(asking, caller.environment, connection, body, caller.actor))
      },
    }),
    route({
      method: 'GET',
      path: '/v1/backfills',
      name: 'backfills.list',
      summary: 'Backfills, newest first: how far each is, and when it will be done',
      scope: 'connections:read',
      query: z.strictObject({ ...paging, connection: idText.optional(), state: z.enum(backfillStates).optional() }),
      answer: pageOf(backfillJson),
      handle: async ({ query, caller }) => {
        const { limit, cursor, connection: connectionId, state } = query
        const asked = { connectionId, state, before: cursor, limit: limit + 1 }
        const { data, nextCursor } = cutPage(
          await deps.backfills.list(caller.environment.id, asked),
          limit,
          ({ id }) => id,
        )
        return { nextCursor, data: data.map(toJson) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/backfills/{id}',
      name: 'backfills.read',
      summary: 'One backfill',
      scope: 'connections:read',
      params: z.strictObject({ id: idText }),
      answer: backfillJson,
      handle: async ({ params, caller }) => toJson(await found(caller.environment.id, params.id)),
    }),
    act('pause', 'Stop a backfill after its page until it is resumed'),
    act('resume', 'Go on with a backfill that was paused or failed, from where it stopped'),
    act('cancel', 'End a backfill. What it has read stays'),
  ]

  function act(move: BackfillMove, summary: string) {
    return route({
      method: 'POST',
      path: `/v1/backfills/{id}/${move}`,
      name: `backfills.${move}`,
      summary,
      scope: 'connections:write',
      params: z.strictObject({ id: idText }),
      answer: backfillJson,
      handle: async ({ params, caller }) => {
        const environmentId = caller.environment.id
        await moveBackfill(asking, await found(environmentId, params.id), move, caller.actor)
        return toJson(await found(environmentId, params.id))
      },
    })
  }

  async function found(environmentId: string, id: string): Promise<Backfill> {
    const backfill = await deps.backfills.read(environmentId, id)
    if (!backfill) throw new Fault('input.unknown', 'There is no such backfill.')
    return backfill
  }

  function toJson(backfill: Backfill): z.input<typeof backfillJson> {
    const { id, provider, stream, state, fault, says, pages, calls, written } = backfill
    const { share, endsAt } = backfillOutlook(backfill, deps.clock.now())
    return {
      ...{ id, connection: backfill.connectionId, provider, stream, from: backfill.firstDay, to: backfill.lastDay },
      ...{ state, fault, says, fixedBy: fault === null ? null : fixedByOf(fault) },
      readyAt: state === 'waiting' ? iso(backfill.readyAt) : null,
      ...{ pages, calls, written, share: Math.round(share * 1000) / 1000, endsAt: iso(endsAt), by: backfill.actor },
      ...{ createdAt: iso(backfill.createdAt), startedAt: iso(backfill.startedAt), endedAt: iso(backfill.endedAt) },
    }
  }
}

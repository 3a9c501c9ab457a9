import { Fault } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import type { RunRecord } from '../ports/journal.ts'
import { cutPage, idText, instant, iso, pageOf, paging, route } from './route.ts'

const runStates = ['running', 'succeeded', 'partial', 'failed', 'waiting', 'abandoned'] as const

export const runJson = z.strictObject({
  id: z.string(),
  provider: z.string(),
  integration: z.string(),
  stream: z.string(),
  connections: z.array(z.string()),
  trigger: z.string(),
  lane: z.string(),
  state: z.enum(runStates),
  startedAt: instant,
  endedAt: instant.nullable(),
  pages: z.number(),
  calls: z.number(),
  rows: z.strictObject({
    inserted: z.number(),
    restated: z.number(),
    unchanged: z.number(),
    items: z.number(),
    refused: z.number(),
  }),
  fault: z.string().nullable(),
  /** What happened, who acts, when it goes on. */
  says: z.string().nullable(),
})

const callJson = z.strictObject({
  id: z.string(),
  connection: z.string().nullable(),
  run: z.string().nullable(),
  provider: z.string(),
  lane: z.string(),
  method: z.string(),
  address: z.string(),
  attempts: z.number(),
  status: z.number().nullable(),
  fault: z.string().nullable(),
  cost: z.record(z.string(), z.number()),
  startedAt: instant,
  durationMs: z.number(),
  waitedMs: z.number(),
  requestBytes: z.number(),
  responseBytes: z.number(),
  requestId: z.string().nullable(),
})

const eventJson = z.strictObject({
  id: z.string(),
  sequence: z.number(),
  type: z.string(),
  connection: z.string().nullable(),
  profile: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
  at: instant,
})

const auditJson = z.strictObject({
  id: z.string(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()),
  at: instant,
})

/** What happened, newest first. */
export function journalRoutes(engine: Engine) {
  const { journal } = engine.deps
  return [
    route({
      method: 'GET',
      path: '/v1/runs',
      name: 'runs.list',
      summary: 'Executions of streams',
      scope: 'journal:read',
      query: z.strictObject({
        ...paging,
        connection: idText.optional(),
        stream: idText.optional(),
        state: z.enum(runStates).optional(),
      }),
      answer: pageOf(runJson),
      handle: async ({ query, caller }) => {
        const rows = await journal.readRuns(caller.environment.id, {
          limit: query.limit + 1,
          before: query.cursor,
          connectionId: query.connection,
          stream: query.stream,
          state: query.state,
        })
        const { data, nextCursor } = cutPage(rows, query.limit, ({ id }) => id)
        return {
          nextCursor,
          data: data.map(runToJson),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/calls',
      name: 'calls.list',
      summary: 'Calls to providers, each with all its attempts',
      scope: 'journal:read',
      query: z.strictObject({
        ...paging,
        connection: idText.optional(),
        run: idText.optional(),
        failed: z.stringbool().optional(),
      }),
      answer: pageOf(callJson),
      handle: async ({ query, caller }) => {
        await engine.gateway.flush()
        const rows = await journal.readCalls(caller.environment.id, {
          limit: query.limit + 1,
          before: query.cursor,
          connectionId: query.connection,
          runId: query.run,
          failed: query.failed,
        })
        const { data, nextCursor } = cutPage(rows, query.limit, ({ id }) => id)
        return {
          nextCursor,
          data: data.map(({ environmentId: _, integrationId: __, connectionId, runId, ...call }) => ({
            ...call,
            cost: { ...call.cost },
            connection: connectionId,
            run: runId,
            startedAt: iso(call.startedAt),
          })),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/events',
      name: 'events.list',
      summary: 'Events that applications get',
      scope: 'journal:read',
      query: z.strictObject({ ...paging, connection: idText.optional(), type: z.string().max(100).optional() }),
      answer: pageOf(eventJson),
      handle: async ({ query, caller }) => {
        if (query.cursor !== undefined && !/^\d{1,15}$/.test(query.cursor))
          throw new Fault('input.invalid', 'That cursor is not one of ours.', { field: 'cursor' })
        const rows = await journal.readEvents(caller.environment.id, {
          limit: query.limit + 1,
          before: query.cursor,
          connectionId: query.connection,
          type: query.type,
        })
        const { data, nextCursor } = cutPage(rows, query.limit, ({ sequence }) => String(sequence))
        return {
          nextCursor,
          data: data.map(({ environmentId: _, connectionId, profileId, ...event }) => ({
            ...event,
            data: { ...event.data },
            connection: connectionId,
            profile: profileId,
            at: iso(event.at),
          })),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/audit',
      name: 'audit.list',
      summary: 'Who changed what, and who read which credential',
      scope: 'journal:read',
      query: z.strictObject({ ...paging, subject: idText.optional() }),
      answer: pageOf(auditJson),
      handle: async ({ query, caller }) => {
        const rows = await journal.readAudit(caller.environment.id, {
          limit: query.limit + 1,
          before: query.cursor,
          subject: query.subject,
        })
        const { data, nextCursor } = cutPage(rows, query.limit, ({ id }) => id)
        return {
          nextCursor,
          data: data.map(({ environmentId: _, ...entry }) => ({
            ...entry,
            detail: { ...entry.detail },
            at: iso(entry.at),
          })),
        }
      },
    }),
  ]
}

export function runToJson(record: RunRecord): z.input<typeof runJson> {
  const {
    environmentId: _,
    integrationId,
    connectionIds,
    inserted,
    restated,
    unchanged,
    items,
    refused,
    ...run
  } = record
  return {
    ...run,
    integration: integrationId,
    connections: [...connectionIds],
    rows: { inserted, restated, unchanged, items, refused },
    startedAt: iso(run.startedAt),
    endedAt: iso(run.endedAt),
  }
}

import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { fixedByOf, fixers } from './problem.ts'
import { cutPage, idText, instant, iso, pageOf, paging, route } from './route.ts'

const incidentJson = z.strictObject({
  id: z.string(),
  integration: z.string(),
  provider: z.string(),
  /** From the table of faults. */
  code: z.string(),
  fixedBy: z.enum(fixers),
  says: z.string(),
  openedAt: instant,
  /** Null while it goes on. */
  closedAt: instant.nullable(),
})

/** What was wrong with an app or its platform: no connection's fault, and closed by itself. */
export function incidentRoutes({ deps: { journal } }: Engine) {
  return [
    route({
      method: 'GET',
      path: '/v1/incidents',
      name: 'incidents.list',
      summary: 'What is, or was, wrong with an app or its platform; no connection changes because of it',
      scope: 'journal:read',
      query: z.strictObject({ ...paging, open: z.stringbool().optional(), integration: idText.optional() }),
      answer: pageOf(incidentJson),
      handle: async ({ query, caller }) => {
        const rows = await journal.readIncidents(caller.environment.id, {
          limit: query.limit + 1,
          before: query.cursor,
          open: query.open,
          integrationId: query.integration,
        })
        const { data, nextCursor } = cutPage(rows, query.limit, ({ id }) => id)
        return {
          nextCursor,
          data: data.map(({ environmentId: _, integrationId, ...incident }) => ({
            ...incident,
            integration: integrationId,
            fixedBy: fixedByOf(incident.code),
            openedAt: iso(incident.openedAt),
            closedAt: iso(incident.closedAt),
          })),
        }
      },
    }),
  ]
}

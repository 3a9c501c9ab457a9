import { Fault, recordKinds } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import type { TypedRecord } from '../ports/typed-records.ts'
import { choosing, chosenConnections } from './chosen-connections.ts'
import { cutPage, idText, instant, iso, pageOf, paging, route } from './route.ts'

const recordJson = z.strictObject({
  id: z.string(),
  connection: z.string(),
  kind: z.enum(recordKinds),
  /** The platform's id of the thing, or a hash of what it said. */
  key: z.string(),
  /** As the platform told it. */
  data: z.unknown(),
  /** When it was so, by the platform's clock; when it came in where the platform says nothing. */
  at: instant,
  removed: z.boolean(),
  /** The message that told of it. */
  message: z.string(),
  firstSeenAt: instant,
  seenAt: instant,
})

/** What platforms told of that is neither a number nor a piece of content. */
export function recordRoutes({ deps }: Engine) {
  return [
    route({
      method: 'GET',
      path: '/v1/records/{kind}',
      name: 'records.list',
      summary: 'What platforms told of: comments, mentions, messages, reactions, leads, payments. Newest first',
      scope: 'metrics:read',
      params: z.strictObject({ kind: idText }),
      query: z.strictObject({
        ...paging,
        ...choosing,
        /** `true`: those that are gone. */
        removed: z.enum(['true', 'false']).default('false'),
      }),
      answer: pageOf(recordJson),
      handle: async ({ params, query, caller }) => {
        const kind = recordKinds.find((one) => one === params.kind)
        if (!kind)
          throw new Fault('input.unknown', `There is no kind "${params.kind}". There are: ${recordKinds.join(', ')}.`)
        const connections = await chosenConnections(deps, caller.environment.id, query)
        const rows = await deps.typedRecords.list(caller.environment.id, {
          kind,
          connections: connections.map(({ id }) => id),
          removed: query.removed === 'true',
          before: query.cursor,
          limit: query.limit + 1,
        })
        const { data, nextCursor } = cutPage(rows, query.limit, ({ id }) => id)
        return { nextCursor, data: data.map(recordToJson) }
      },
    }),
  ]
}

function recordToJson(record: TypedRecord): z.input<typeof recordJson> {
  const { id, connectionId, kind, key, data, at, removed, messageId, firstSeenAt, seenAt } = record
  return {
    ...{ id, connection: connectionId, kind, key, data, at: iso(at), removed, message: messageId },
    ...{ firstSeenAt: iso(firstSeenAt), seenAt: iso(seenAt) },
  }
}

import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import type { StoredItem } from '../ports/records.ts'
import { choosing, chosenConnections } from './chosen-connections.ts'
import { cutPage, idText, instant, iso, pageOf, paging, route } from './route.ts'

const itemJson = z.strictObject({
  connection: z.string(),
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  url: z.string().nullable(),
  imageUrl: z.string().nullable(),
  publishedAt: z.string().nullable(),
  durationMs: z.number().nullable(),
  status: z.string().nullable(),
  identifiers: z.record(z.string(), z.string()),
  firstSeenAt: instant,
  removedAt: instant.nullable(),
})

const audienceJson = z.strictObject({
  connection: z.string(),
  population: z.string(),
  basis: z.string(),
  dimensions: z.array(z.string()),
  period: z.strictObject({ start: z.string().nullable(), end: z.string() }),
  rows: z.array(z.strictObject({ group: z.record(z.string(), z.string()), value: z.number() })),
  observedAt: instant,
})

/** Where a page ended: the date is in it, because an item that gets another one stands elsewhere when the next page is asked for. */
const itemCursor = z
  .string()
  .max(500)
  .transform((text, context) => {
    const [publishedAt, connectionId, ...id] = text.split('\n')
    if (publishedAt !== undefined && connectionId !== undefined && id.length > 0)
      return { ...(publishedAt === '' ? {} : { publishedAt }), connectionId, id: id.join('\n') }
    context.addIssue({ code: 'custom', message: 'cursor is the nextCursor of the page before.' })
    return z.NEVER
  })
const cursorOf = ({ publishedAt = '', connectionId, id }: StoredItem) => `${publishedAt}\n${connectionId}\n${id}`

/** What was published, and for whom. */
export function publishedRoutes({ deps }: Engine) {
  return [
    route({
      method: 'GET',
      path: '/v1/items',
      name: 'items.list',
      summary: 'What was published, newest first',
      scope: 'metrics:read',
      query: z.strictObject({
        limit: paging.limit,
        cursor: itemCursor.optional(),
        ...choosing,
        kind: idText.optional(),
      }),
      answer: pageOf(itemJson),
      handle: async ({ query, caller }) => {
        const connections = await chosenConnections(deps, caller.environment.id, query)
        const rows = await deps.records.items(caller.environment.id, {
          connections: connections.map(({ id }) => id),
          kind: query.kind,
          after: query.cursor,
          limit: query.limit + 1,
        })
        const { data, nextCursor } = cutPage(rows, query.limit, cursorOf)
        return {
          nextCursor,
          data: data.map((item) => ({
            connection: item.connectionId,
            id: item.id,
            kind: item.kind,
            title: item.title,
            url: item.url ?? null,
            imageUrl: item.imageUrl ?? null,
            publishedAt: item.publishedAt ?? null,
            durationMs: item.durationMs ?? null,
            status: item.status ?? null,
            identifiers: { ...item.identifiers },
            firstSeenAt: iso(item.firstSeenAt),
            removedAt: iso(item.removedAt),
          })),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/audiences',
      name: 'audiences.list',
      summary: 'Who the audience is: shares or counts per country, age and gender',
      scope: 'metrics:read',
      query: z.strictObject(choosing),
      answer: z.strictObject({ data: z.array(audienceJson) }),
      handle: async ({ query, caller }) => {
        const connections = await chosenConnections(deps, caller.environment.id, query)
        const rows = await deps.records.audiences(
          caller.environment.id,
          connections.map(({ id }) => id),
        )
        return {
          data: rows.map(({ connectionId, observedAt, ...audience }) => ({
            connection: connectionId,
            ...audience,
            dimensions: [...audience.dimensions],
            rows: audience.rows.map(({ group, value }) => ({ group: { ...group }, value })),
            observedAt: iso(observedAt),
          })),
        }
      },
    }),
  ]
}

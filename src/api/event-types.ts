import { z } from 'zod'
import { eventTypeNames, eventTypes } from '../engine/delivery/event-types.ts'
import { instant, route } from './route.ts'
import { jsonSchema } from './serve-route.ts'

/** An event as receivers and readers of the stream get it; `data` is what its type says. */
export const eventShape = {
  /** The same for every try and every endpoint: whoever remembers it hears nothing twice. */
  id: z.string(),
  timestamp: instant,
  environment: z.string(),
  connection: z.string().nullable(),
  profile: z.string().nullable(),
}

/** Every type of event, with the schema of the whole event and an example of its data. */
export const eventCatalogue = eventTypeNames.map((type) => {
  const { summary, data, sample } = eventTypes[type]
  const { id, ...rest } = eventShape
  return {
    type,
    summary,
    schema: jsonSchema(z.strictObject({ id, type: z.literal(type), ...rest, data }), 'output'),
    sample,
  }
})

/** The `webhooks` of the OpenAPI document: what a receiver is sent. */
export const openApiWebhooks = Object.fromEntries(
  eventCatalogue.map(({ type, summary, schema }) => [
    type,
    {
      post: {
        ...{ operationId: `webhook.${type}`, summary, tags: ['webhooks'] },
        requestBody: { required: true, content: { 'application/json': { schema } } },
        responses: { '2XX': { description: 'Taken. Anything else, and silence, is tried again.' } },
      },
    },
  ]),
)

/** What kinds of events there are. */
export const eventTypeRoutes = () => [
  route({
    method: 'GET',
    path: '/v1/event-types',
    name: 'eventTypes.list',
    summary: 'Every type of event, with its JSON Schema and an example of its data',
    scope: 'journal:read',
    answer: z.strictObject({
      data: z.array(
        z.strictObject({
          ...{ type: z.string(), summary: z.string(), schema: z.record(z.string(), z.unknown()) },
          example: z.record(z.string(), z.unknown()),
        }),
      ),
    }),
    handle: async () => ({ data: eventCatalogue.map(({ sample: example, ...one }) => ({ ...one, example })) }),
  }),
]

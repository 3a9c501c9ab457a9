import { Fault } from '@patchbay/kit'
import { z } from 'zod'
import { unknownDelivery } from '../engine/delivery/endpoints.ts'
import type { Engine } from '../engine/engine.ts'
import { type Delivery, type DeliveryWithEvent, deliveryStates, type Try } from '../ports/deliveries.ts'
import { cutPage, idText, instant, iso, pageOf, paging, route } from './route.ts'

export const tryJson = z.strictObject({
  at: instant,
  durationMs: z.number(),
  /** Null when there was no answer. */
  status: z.number().nullable(),
  /** Why it was no success. */
  says: z.string().nullable(),
  /** The beginning of the answer. */
  response: z.string().nullable(),
})

const deliveryJson = z.strictObject({
  id: z.string(),
  event: z.string(),
  type: z.string(),
  endpoint: z.string(),
  /** `failed`: given up after three days of tries. It can be sent again. */
  state: z.enum(deliveryStates),
  attempts: z.number(),
  /** Null when it is over. */
  nextAt: instant.nullable(),
  /** The last ones, oldest first. */
  tries: z.array(tryJson),
  createdAt: instant,
  endedAt: instant.nullable(),
})

/** That an endpoint is sent an event: what was tried, and what came of it. */
export function deliveryRoutes(engine: Engine) {
  const { deliveries } = engine.deps
  return [
    route({
      method: 'GET',
      path: '/v1/deliveries',
      name: 'deliveries.list',
      summary: 'What endpoints were sent, newest event first',
      scope: 'journal:read',
      query: z.strictObject({
        ...paging,
        endpoint: idText.optional(),
        event: idText.optional(),
        state: z.enum(deliveryStates).optional(),
        type: z.string().max(100).optional(),
      }),
      answer: pageOf(deliveryJson),
      handle: async ({ query, caller }) => {
        const { endpoint: endpointId, event: eventId, state, type, limit, cursor } = query
        const before = cursor === undefined ? undefined : parseDeliveryId(cursor)
        if (before === null) throw new Fault('input.invalid', 'That cursor is not one of ours.', { field: 'cursor' })
        const rows = await deliveries.list(caller.environment.id, {
          ...{ endpointId, eventId, state, type, before, limit: limit + 1 },
        })
        const { data, nextCursor } = cutPage(rows, limit, deliveryId)
        return { nextCursor, data: data.map(deliveryToJson) }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/deliveries/{id}/resend',
      name: 'deliveries.resend',
      summary: 'Send an event to an endpoint again, with the same id, as if it had never been tried',
      scope: 'setup:write',
      status: 202,
      params: z.strictObject({ id: idText }),
      answer: deliveryJson,
      handle: async ({ params, caller }) => {
        const named = parseDeliveryId(params.id)
        if (named === null) throw unknownDelivery()
        return deliveryToJson(await engine.endpoints.resend(caller.environment, named, caller.actor))
      },
    }),
  ]
}

/** There is one for each event and endpoint, so its name is theirs. */
const deliveryId = ({ eventId, endpointId }: Pick<Delivery, 'eventId' | 'endpointId'>) => `${eventId}.${endpointId}`

function parseDeliveryId(text: string): { eventId: string; endpointId: string } | null {
  const [, eventId, endpointId] = /^([^.]+)\.([^.]+)$/.exec(text) ?? []
  return eventId !== undefined && endpointId !== undefined ? { eventId, endpointId } : null
}

export const tryToJson = (tried: Try) => ({ ...tried, at: iso(tried.at) })

function deliveryToJson(delivery: DeliveryWithEvent): z.input<typeof deliveryJson> {
  const { eventId, endpointId, state, attempts, nextAt, tries, madeAt, endedAt, event } = delivery
  return {
    ...{ id: deliveryId(delivery), event: eventId, type: event.type, endpoint: endpointId, state, attempts },
    nextAt: state === 'waiting' ? iso(nextAt) : null,
    tries: tries.map(tryToJson),
    createdAt: iso(madeAt),
    endedAt: iso(endedAt),
  }
}

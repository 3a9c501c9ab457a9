import { type Duration, Fault, parseDuration } from '@patchbay/kit'
import { z } from 'zod'
import { longestOverlapMs } from '../engine/delivery/endpoints.ts'
import type { Engine } from '../engine/engine.ts'
import type { Endpoint } from '../ports/deliveries.ts'
import { tryJson, tryToJson } from './deliveries.ts'
import { idText, instant, iso, route } from './route.ts'

const url = z.string().min(1).max(2000)
const description = z.string().max(200)
/** `connection.*`, whole names, or null for every type. */
const types = z.array(z.string().min(1).max(100)).max(50).nullable()
/** Only events of these profiles; null for all, also for what is of none. */
const profiles = z.array(z.string().min(1).max(200)).max(100).nullable()
const kind = z.enum(['hmac', 'ed25519'])

const endpointJson = z.strictObject({
  id: z.string(),
  url: z.string(),
  description: z.string(),
  types: z.array(z.string()).nullable(),
  profiles: z.array(z.string()).nullable(),
  /** One event after the other, each only when the one before was taken. */
  ordered: z.boolean(),
  enabled: z.boolean(),
  /** Why it is switched off: by somebody, because it answered 410, or because nothing got through for days. */
  disabled: z
    .strictObject({ reason: z.enum(['off', 'gone', 'failing']), at: instant, says: z.string().nullable() })
    .nullable(),
  /** What signs, newest first. Where there is a public key, receivers need nothing else. */
  signing: z.array(
    z.strictObject({
      id: z.string(),
      kind,
      publicKey: z.string().nullable(),
      createdAt: instant,
      until: instant.nullable(),
    }),
  ),
  /** Since when nothing gets through, and why. */
  failingSince: instant.nullable(),
  failingSays: z.string().nullable(),
  /** Until then it is left alone. */
  restUntil: instant.nullable(),
  createdAt: instant,
})
const withSecret = endpointJson.extend({ secret: z.string().nullable() })
const params = z.strictObject({ id: idText })

/** Where applications take events. */
export function endpointRoutes(engine: Engine) {
  const { deps, endpoints } = engine
  return [
    route({
      method: 'GET',
      path: '/v1/endpoints',
      name: 'endpoints.list',
      summary: 'Where events are sent',
      scope: 'setup:read',
      answer: z.strictObject({ data: z.array(endpointJson) }),
      handle: async ({ caller }) => ({
        data: (await deps.deliveries.endpoints(caller.environment.id)).map(endpointToJson),
      }),
    }),
    route({
      method: 'POST',
      path: '/v1/endpoints',
      name: 'endpoints.create',
      summary: 'Make an endpoint. The answer holds its secret, once; with ed25519 there is a public key instead',
      scope: 'setup:write',
      status: 201,
      body: z.strictObject({
        url,
        description: description.default(''),
        types: types.default(null),
        profiles: profiles.default(null),
        ordered: z.boolean().default(false),
        enabled: z.boolean().default(true),
        signing: kind.default('hmac'),
      }),
      answer: withSecret,
      handle: async ({ body: { signing, ...wish }, caller }) => {
        const { endpoint, secret } = await endpoints.create(caller.environment, wish, signing, caller.actor)
        return { ...endpointToJson(endpoint), secret }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/endpoints/{id}',
      name: 'endpoints.read',
      summary: 'One endpoint, and how it fares',
      scope: 'setup:read',
      params,
      answer: endpointJson,
      handle: async ({ params, caller }) => {
        const endpoint = await deps.deliveries.endpoint(caller.environment.id, params.id)
        if (!endpoint) throw new Fault('input.unknown', 'There is no such endpoint.')
        return endpointToJson(endpoint)
      },
    }),
    route({
      method: 'PATCH',
      path: '/v1/endpoints/{id}',
      name: 'endpoints.change',
      summary:
        'Change an endpoint, or switch it off and on; what is left out stays as it is. What waits for it stays too',
      scope: 'setup:write',
      params,
      body: z.strictObject({
        url: url.optional(),
        description: description.optional(),
        types: types.optional(),
        profiles: profiles.optional(),
        ordered: z.boolean().optional(),
        enabled: z.boolean().optional(),
      }),
      answer: endpointJson,
      handle: async ({ params, body, caller }) =>
        endpointToJson(await endpoints.change(caller.environment, params.id, body, caller.actor)),
    }),
    route({
      method: 'DELETE',
      path: '/v1/endpoints/{id}',
      name: 'endpoints.remove',
      summary: 'Take an endpoint away, with its deliveries. The events stay',
      scope: 'setup:write',
      params,
      answer: z.strictObject({ id: z.string() }),
      handle: async ({ params, caller }) => {
        await endpoints.remove(caller.environment, params.id, caller.actor)
        return { id: params.id }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/endpoints/{id}/rotate',
      name: 'endpoints.rotate',
      summary:
        'A new secret signs from now on. The one before signs beside it for a while, so that nothing is refused meanwhile',
      scope: 'setup:write',
      params,
      body: z.strictObject({
        signing: kind.optional(),
        /** `24h` at first; `0s` where the old one is in wrong hands. */
        overlap: z
          .string()
          .regex(/^\d{1,6}[smhd]$/)
          .default('24h'),
      }),
      answer: withSecret,
      handle: async ({ params, body, caller }) => {
        const overlapMs = parseDuration(body.overlap as Duration)
        if (overlapMs > longestOverlapMs)
          throw new Fault('input.invalid', 'Two secrets are good beside each other for a week at most.', {
            field: 'overlap',
          })
        const how = { kind: body.signing, overlapMs }
        const { endpoint, secret } = await endpoints.rotate(caller.environment, params.id, how, caller.actor)
        return { ...endpointToJson(endpoint), secret }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/endpoints/{id}/test',
      name: 'endpoints.test',
      summary: 'Send an event of the type endpoint.test, now, and say what was answered',
      scope: 'setup:write',
      params,
      answer: z.strictObject({ id: z.string(), works: z.boolean(), tried: tryJson }),
      handle: async ({ params, caller }) => {
        const { works, tried } = await endpoints.test(caller.environment, params.id, caller.actor)
        return { id: params.id, works, tried: tryToJson(tried) }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/endpoints/{id}/recover',
      name: 'endpoints.recover',
      summary:
        'Send what an endpoint has not taken since a moment: what was given up, what waits, what happened while it was off',
      scope: 'setup:write',
      status: 202,
      params,
      body: z.strictObject({ since: instant }),
      answer: z.strictObject({ id: z.string(), recovered: z.number() }),
      handle: async ({ params, body, caller }) => {
        const since = Date.parse(body.since)
        return { id: params.id, recovered: await endpoints.recover(caller.environment, params.id, since, caller.actor) }
      },
    }),
  ]
}

function endpointToJson(endpoint: Endpoint): z.input<typeof endpointJson> {
  const { id, url, description, types, profiles, ordered, disabled, keys, failingSays } = endpoint
  return {
    ...{ id, url, description, ordered, failingSays },
    types: types && [...types],
    profiles: profiles && [...profiles],
    enabled: disabled === null,
    disabled: disabled && { ...disabled, at: iso(disabled.at) },
    signing: keys.map((key) => ({ ...key, createdAt: iso(key.createdAt), until: iso(key.until) })),
    failingSince: iso(endpoint.failingSince),
    restUntil: iso(endpoint.restUntil),
    createdAt: iso(endpoint.createdAt),
  }
}

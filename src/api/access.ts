import { Fault } from '@patchbay/kit'
import { z } from 'zod'
import { createAccessKey, revokeAccessKey, scopes } from '../engine/access/access-keys.ts'
import type { Engine } from '../engine/engine.ts'
import type { AccessKey } from '../ports/access.ts'
import { idText, instant, iso, route } from './route.ts'

const keyJson = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** The first characters, to recognise it by. */
  hint: z.string(),
  scopes: z.array(z.string()),
  createdAt: instant,
  expiresAt: instant.nullable(),
  lastUsedAt: instant.nullable(),
  revokedAt: instant.nullable(),
})

/** API keys of the environment. Their text is shown once, when they are made. */
export function accessRoutes(engine: Engine) {
  const { deps } = engine
  return [
    route({
      method: 'GET',
      path: '/v1/keys',
      name: 'keys.list',
      summary: 'API keys, without their text',
      scope: 'setup:read',
      answer: z.strictObject({ data: z.array(keyJson) }),
      handle: async ({ caller }) => ({ data: (await deps.access.keys(caller.environment.id)).map(toJson) }),
    }),
    route({
      method: 'POST',
      path: '/v1/keys',
      name: 'keys.create',
      summary: 'Make an API key. The answer holds its text, once',
      scope: 'keys:write',
      status: 201,
      body: z.strictObject({
        name: z.string().min(1).max(100),
        scopes: z.array(z.string()).min(1).max(scopes.length).default(['*']),
        expiresAt: instant.optional(),
      }),
      answer: keyJson.extend({ text: z.string() }),
      handle: async ({ body, caller }) => {
        const wider = body.scopes.filter((scope) => !caller.scopes.includes('*') && !caller.scopes.includes(scope))
        if (wider.length > 0)
          throw new Fault('input.forbidden', `A key cannot give what its maker does not have: ${wider.join(', ')}.`, {
            field: 'scopes',
          })
        const expiresAt = body.expiresAt === undefined ? null : Date.parse(body.expiresAt)
        if (expiresAt !== null && !(expiresAt > deps.clock.now()))
          throw new Fault('input.invalid', 'expiresAt takes an instant in the future.', { field: 'expiresAt' })
        const { key, text } = await createAccessKey(deps, caller.environment, { ...body, expiresAt }, caller.actor)
        return { ...toJson(key), text }
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/keys/{id}',
      name: 'keys.revoke',
      summary: 'Revoke an API key, at once and for good',
      scope: 'keys:write',
      params: z.strictObject({ id: idText }),
      answer: z.strictObject({ id: z.string(), revokedAt: instant }),
      handle: async ({ params, caller }) => {
        const at = await revokeAccessKey(deps, caller.environment.id, params.id, caller.actor)
        if (at === null) throw new Fault('input.unknown', 'There is no such key that still works.')
        return { id: params.id, revokedAt: iso(at) }
      },
    }),
  ]
}

function toJson(key: AccessKey): z.input<typeof keyJson> {
  const { id, name, hint } = key
  return {
    id,
    name,
    hint,
    scopes: [...key.scopes],
    createdAt: iso(key.createdAt),
    expiresAt: iso(key.expiresAt),
    lastUsedAt: iso(key.lastUsedAt),
    revokedAt: iso(key.revokedAt),
  }
}

import { definitionJsonSchema } from '@patchbay/definitions'
import { Fault } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { fileAnswer, idText, instant, iso, route } from './route.ts'
import { providerJson, providerToJson } from './setup.ts'

const definitionJson = z.strictObject({
  version: z.number(),
  document: z.record(z.string(), z.unknown()),
  createdAt: instant,
  updatedAt: instant,
})

const params = z.strictObject({ id: idText })

async function* schemaBytes() {
  yield Buffer.from(JSON.stringify(definitionJsonSchema(), null, 2))
}

/** Platforms that an environment describes itself, without a release. */
export function providerRoutes(engine: Engine) {
  const { deps, setting } = engine
  return [
    route({
      method: 'GET',
      path: '/v1/providers/schema',
      name: 'providers.schema',
      summary: 'The JSON Schema of a definition, for editors and checks (draft 2020-12)',
      scope: 'setup:read',
      files: ['application/schema+json'],
      answer: fileAnswer,
      handle: async () => ({
        type: 'application/schema+json',
        name: 'definition.json',
        body: schemaBytes(),
        close: () => {},
      }),
    }),
    route({
      method: 'POST',
      path: '/v1/providers',
      name: 'providers.register',
      summary: 'Register a platform of your own by its definition, or replace it. Connections stay',
      scope: 'setup:write',
      status: 201,
      // Its form is the schema's, and what is wrong is said all at once, which the check of a body does not do.
      body: z.record(z.string(), z.unknown()),
      answer: z.strictObject({
        provider: providerJson,
        version: z.number(),
        /** What this version takes away from what is connected, or asks for more. */
        narrows: z.array(z.string()),
        /** What is right and could be better. */
        remarks: z.array(z.strictObject({ field: z.string(), says: z.string() })),
      }),
      handle: async ({ body, caller }) => {
        const { definition, narrows, remarks } = await engine.saveDefinition(caller.environment, body, caller.actor)
        const provider = (await setting.providers.in(caller.environment.id)).get(definition.id)
        if (!provider) throw new Fault('input.conflict', 'Somebody removed it in the same moment.')
        return {
          provider: providerToJson(provider),
          version: definition.version,
          narrows: [...narrows],
          remarks: remarks.map(({ at, says }) => ({ field: at, says })),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/providers/{id}',
      name: 'providers.read',
      summary: 'One platform, with its definition when it is one of your own',
      scope: 'setup:read',
      params,
      answer: z.strictObject({ provider: providerJson, definition: definitionJson.nullable() }),
      handle: async ({ params: { id }, caller }) => {
        const provider = (await setting.providers.in(caller.environment.id)).get(id)
        if (!provider) throw new Fault('input.unknown', 'There is no such platform.')
        const [stored] = await deps.definitions.read(caller.environment.id, [id])
        return {
          provider: providerToJson(provider),
          definition: stored
            ? {
                version: stored.version,
                document: stored.document as Record<string, unknown>,
                createdAt: iso(stored.createdAt),
                updatedAt: iso(stored.updatedAt),
              }
            : null,
        }
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/providers/{id}',
      name: 'providers.remove',
      summary: 'Remove a platform of your own that no connection uses any more',
      scope: 'setup:write',
      params,
      answer: z.strictObject({ removed: z.literal(true) }),
      handle: async ({ params: { id }, caller }) => {
        await engine.removeDefinition(caller.environment, id, caller.actor)
        return { removed: true as const }
      },
    }),
  ]
}

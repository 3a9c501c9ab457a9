import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { instant, iso, route } from './route.ts'

const quotaJson = z.strictObject({
  provider: z.string(),
  integration: z.string(),
  quota: z.string(),
  /** Which account or grant, when it is counted for each. */
  holder: z.string().nullable(),
  unit: z.string(),
  used: z.number(),
  limit: z.number(),
  resetsAt: instant.nullable(),
  /** The provider said stop until then. */
  parkedUntil: instant.nullable(),
  source: z.string(),
})

/** What is left of each provider's limits. */
export function quotaRoutes(engine: Engine) {
  return [
    route({
      method: 'GET',
      path: '/v1/quotas',
      name: 'quotas.list',
      summary: 'Every quota of every integration: used, limit, when it resets',
      scope: 'journal:read',
      answer: z.strictObject({ data: z.array(quotaJson) }),
      handle: async ({ caller }) => {
        const quotas = await engine.quotas(caller.environment)
        return {
          data: quotas.map(
            ({ provider, integration, quota, whose, unit, used, limit, source, resetsAt, parkedUntil }) => ({
              ...{ provider, integration, quota, unit, used, limit, source },
              holder: whose,
              resetsAt: iso(resetsAt),
              parkedUntil: iso(parkedUntil),
            }),
          ),
        }
      },
    }),
  ]
}

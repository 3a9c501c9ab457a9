import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { summarizeProfile } from '../engine/metrics/summary.ts'
import { sumJson } from './metric-json.ts'
import { idText, instant, iso, route } from './route.ts'

const summaryJson = z.strictObject({
  profile: z.strictObject({ id: z.string(), name: z.string() }),
  accounts: z.array(
    z.strictObject({
      connection: z.string(),
      provider: z.string(),
      account: z.strictObject({
        id: z.string(),
        name: z.string(),
        handle: z.string().nullable(),
        url: z.string().nullable(),
        imageUrl: z.string().nullable(),
      }),
      state: z.string(),
      reason: z.string().nullable(),
      freshness: z.strictObject({ syncedAt: instant.nullable(), dataAsOf: z.string().nullable(), badge: z.string() }),
      metrics: z.array(
        z.strictObject({
          metric: z.string(),
          value: z.number().nullable(),
          reason: z.string().nullable(),
          unit: z.string(),
          day: z.string(),
          provenance: z.string(),
          /** Against 28 days before; null when that cannot be said honestly, with why. */
          change: z.strictObject({
            value: z.number().nullable(),
            reason: z.string().nullable(),
            since: z.string().nullable(),
          }),
        }),
      ),
      /** What people look for and the platform does not give. */
      notOffered: z.record(z.string(), z.string()),
    }),
  ),
  /** What several accounts have, as one number where that is one; where it is not, the reason stands in its place. */
  together: z.array(z.strictObject({ metric: z.string(), unit: z.string(), ...sumJson, says: z.string().nullable() })),
})

export function profileSummaryRoutes(engine: Engine) {
  return [
    route({
      method: 'GET',
      path: '/v1/profiles/{id}/summary',
      name: 'profiles.summary',
      summary:
        'The headline numbers of a profile on every platform; what one platform fails to give does not hide the others',
      scope: 'metrics:read',
      params: z.strictObject({ id: idText }),
      answer: summaryJson,
      handle: async ({ params, caller }) => {
        const summary = await summarizeProfile(engine.deps, engine.setting, caller.environment.id, params.id)
        await engine.attend.look(
          caller.environment.id,
          summary.accounts.map(({ connection }) => connection),
        )
        return {
          profile: summary.profile,
          accounts: summary.accounts.map((account) => ({
            ...account,
            metrics: [...account.metrics],
            notOffered: { ...account.notOffered },
            freshness: { ...account.freshness, syncedAt: iso(account.freshness.syncedAt) },
          })),
          together: summary.together.map((one) => ({ ...one, parts: [...one.parts] })),
        }
      },
    }),
  ]
}

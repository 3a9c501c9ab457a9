import { metrics } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { availability } from '../engine/metrics/availability.ts'
import { queryMetrics } from '../engine/metrics/query.ts'
import { queryTotals, type Total } from '../engine/metrics/totals.ts'
import type { Stale } from '../engine/sync/freshen.ts'
import { choosing, chosenConnections } from './chosen-connections.ts'
import { definitionJson, definitionToJson, metricList, pointJson, pointToJson, sumJson } from './metric-json.ts'
import { fixers } from './problem.ts'
import { dayText, instant, iso, itemText, route } from './route.ts'

const granularity = z.enum(['day', 'week', 'month', 'latest'])

const staleJson = z.strictObject({
  connection: z.string(),
  stream: z.string(),
  /** When it was last read without a failure. */
  syncedAt: instant.nullable(),
  reason: z.enum(['not_in_time', 'failed', 'waiting', 'blocked']),
  fault: z.string().nullable(),
  says: z.string(),
  fixedBy: z.enum(fixers).nullable(),
})

const staleToJson = ({ syncedAt, ...stale }: Stale): z.input<typeof staleJson> => ({
  ...stale,
  syncedAt: iso(syncedAt),
})

const copied = ({ dimensions, parts }: Total) => ({ dimensions: { ...dimensions }, parts: [...parts] })

const totalJson = z.strictObject({
  metric: z.string(),
  unit: z.string(),
  /** Empty, or the currency of an amount of money. */
  dimensions: z.record(z.string(), z.string()),
  /** The first day of the period, in each platform's own zone; null for the newest numbers, each of which has its own. */
  day: z.string().nullable(),
  timezones: z.array(z.string()),
  ...sumJson,
})

/** Numbers and what they mean. */
export function metricRoutes(engine: Engine) {
  const { deps } = engine
  return [
    route({
      method: 'GET',
      path: '/v1/metrics',
      name: 'metrics.query',
      summary: 'Metric points of a profile or of connections',
      scope: 'metrics:read',
      query: z.strictObject({
        ...choosing,
        metric: metricList.optional(),
        from: dayText.optional(),
        to: dayText.optional(),
        granularity: granularity.default('latest'),
        /** Each day, week or month beside the one before, or beside the one a year (of weeks: 52 weeks) before. */
        compare: z.enum(['previous', 'year']).optional(),
        /** A platform id, or `*` for every item. The accounts themselves when absent. */
        item: itemText.optional(),
        /** `15m`: read anew first when what is stored is older, and wait a few seconds for it. */
        maxAge: z
          .string()
          .regex(/^\d{1,6}[smhd]$/)
          .optional(),
        limit: z.coerce.number().int().min(1).max(20_000).default(5_000),
      }),
      answer: z.strictObject({
        data: z.array(pointJson),
        truncated: z.boolean(),
        /** With `maxAge`: what is older all the same, and why. Its last good numbers are in `data`. */
        stale: z.array(staleJson),
      }),
      handle: async ({ query, caller, signal }) => {
        const connections = await chosenConnections(deps, caller.environment.id, query)
        await engine.attend.look(
          caller.environment.id,
          connections.map(({ id }) => id),
        )
        const stale =
          query.maxAge === undefined
            ? []
            : await engine.freshen(caller.environment.id, connections, {
                ...{ maxAge: query.maxAge, metrics: query.metric, signal },
              })
        const { points, truncated } = await queryMetrics(deps, caller.environment.id, {
          ...query,
          connections,
          metrics: query.metric,
        })
        return { data: points.map(pointToJson), truncated, stale: stale.map(staleToJson) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/metrics/totals',
      name: 'metrics.totals',
      summary: 'The numbers of several accounts as one, with each part; refused where they do not make one number',
      scope: 'metrics:read',
      query: z.strictObject({
        ...choosing,
        metric: metricList,
        from: dayText.optional(),
        to: dayText.optional(),
        granularity: granularity.default('latest'),
      }),
      answer: z.strictObject({ data: z.array(totalJson) }),
      handle: async ({ query, caller }) => {
        const connections = await chosenConnections(deps, caller.environment.id, query)
        const { metric: metrics, from, to, granularity } = query
        const asked = { connections, metrics, from, to, granularity }
        const totals = await queryTotals(deps, engine.setting, caller.environment.id, asked)
        return { data: totals.map((total) => ({ ...total, ...copied(total), timezones: [...total.timezones] })) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/metrics/definitions',
      name: 'metrics.definitions',
      summary: 'What each metric means, and over what it may be summed',
      scope: 'metrics:read',
      answer: z.strictObject({ data: z.array(definitionJson) }),
      handle: async () => ({ data: Object.keys(metrics).map(definitionToJson) }),
    }),
    route({
      method: 'GET',
      path: '/v1/metrics/availability',
      name: 'metrics.availability',
      summary: 'Which platform gives which metric, and why the others do not',
      scope: 'metrics:read',
      answer: z.strictObject({
        data: z.array(
          z.strictObject({
            provider: z.string(),
            metric: z.string(),
            available: z.boolean(),
            streams: z.array(z.string()),
            says: z.string().nullable(),
          }),
        ),
      }),
      handle: async ({ caller }) => ({
        data: availability(await engine.setting.providers.in(caller.environment.id)).map((row) => ({
          ...row,
          streams: [...row.streams],
        })),
      }),
    }),
  ]
}

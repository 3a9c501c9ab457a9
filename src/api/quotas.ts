import { calendarOf, type Duration, parseDuration, unitOfQuota } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import type { QuotaCapacity } from '../engine/quota/capacity.ts'
import type { QuotaForecast } from '../engine/quota/read-forecasts.ts'
import { cutPage, idText, instant, iso, pageOf, paging, route } from './route.ts'

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

/** What the numbers are from: the last runs of this stream here, the provider's cost card, or a declared minimum of calls. */
const basis = z.enum(['measured', 'card', 'declared'])

const forecastJson = z.strictObject({
  /** `integration/quota`. */
  id: z.string(),
  provider: z.string(),
  integration: z.string(),
  quota: z.string(),
  per: z.enum(['app', 'user', 'account', 'ip']),
  /** Of a quota that is counted for each account or user: whose is the fullest. */
  holder: z.string().nullable(),
  unit: z.string(),
  limit: z.number(),
  /** What readings may fill; the rest is kept for people who wait. */
  usable: z.number(),
  used: z.number(),
  /** The zone whose calendar counts; null for a window that moves with the clock. */
  zone: z.string().nullable(),
  /** How long this window is: a calendar day may have 23 or 25 hours. */
  windowMs: z.number().nullable(),
  resetsAt: instant.nullable(),
  /** What the schedule will draw until then if nothing stops it, and by how many readings. */
  expected: z.number(),
  readings: z.number(),
  streams: z.array(
    z.strictObject({
      stream: z.string(),
      readings: z.number(),
      perReading: z.number(),
      amount: z.number(),
      basis,
      /** Runs that it was measured by. */
      runs: z.number(),
    }),
  ),
  /** Of the limit, at the reset: more than 1 is more than there is. */
  shareAtReset: z.number(),
  /** When nothing is left for readings. Null: it lasts. */
  exhaustedAt: instant.nullable(),
  /** Readings that have no room before the reset, and when the last of them has. */
  held: z.strictObject({ readings: z.number(), until: instant }).nullable(),
  /** Readings that wait for it now. */
  waiting: z.strictObject({ readings: z.number(), from: instant, until: instant }).nullable(),
  parkedUntil: instant.nullable(),
  says: z.string(),
  source: z.string(),
})

const capacityJson = z.strictObject({
  provider: z.string(),
  /** Null: none is set up, and the settings are those that the form suggests. */
  integration: z.string().nullable(),
  profiles: z.number(),
  fits: z.boolean(),
  /** Null: any number. */
  mostProfiles: z.number().nullable(),
  /** With so many profiles; null: no interval helps. */
  shortestEveryMs: z.number().nullable(),
  /** The quota that is full first. */
  binding: z.string().nullable(),
  says: z.string(),
  streams: z.array(
    z.strictObject({
      stream: z.string(),
      everyMs: z.number(),
      batch: z.number(),
      /** What one reading of one account takes, by quota. */
      takes: z.record(z.string(), z.number()),
      basis,
      runs: z.number(),
    }),
  ),
  data: z.array(
    z.strictObject({
      quota: z.string(),
      per: z.enum(['app', 'user', 'account', 'ip']),
      unit: z.string(),
      limit: z.number(),
      usable: z.number(),
      /** What one window holds of it: of one account, where it is counted for each. */
      draws: z.number(),
      fits: z.boolean(),
      mostProfiles: z.number().nullable(),
      shortestEveryMs: z.number().nullable(),
      source: z.string(),
    }),
  ),
})

const durationText = z
  .string()
  .regex(/^[1-9]\d{0,5}(m|h|d)$/, 'Minutes, hours or days: 15m, 6h, 1d.')
  .transform((text) => parseDuration(text as Duration))

/** What is left of each provider's limits, what the schedule will make of it, and what else would fit. */
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
    route({
      method: 'GET',
      path: '/v1/quotas/forecast',
      name: 'quotas.forecast',
      summary: 'What the schedule will draw from each quota until it resets, and what waits and until when',
      scope: 'journal:read',
      query: z.strictObject({ ...paging, provider: idText.optional(), integration: idText.optional() }),
      answer: pageOf(forecastJson),
      handle: async ({ query, caller }) => {
        const { limit, cursor, provider, integration } = query
        const [after, quota] = (cursor ?? '').split('/')
        const found = await engine.forecasts(caller.environment, {
          ...{ provider, integration, limit: limit + 1 },
          ...(after && quota && { after: { integration: after, quota } }),
        })
        const { data, nextCursor } = cutPage(found, limit, idOf)
        return { nextCursor, data: data.map(forecastToJson) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/quotas/capacity',
      name: 'quotas.capacity',
      summary: 'How many profiles the quotas of a provider have room for at which freshness, and which is full first',
      scope: 'journal:read',
      query: z.strictObject({
        provider: idText,
        integration: idText.optional(),
        /** How many. Asked about when absent: what is the most. */
        profiles: z.coerce.number().int().min(1).max(1_000_000_000).default(1),
        /** How old numbers may become. Each stream's own interval when absent. */
        every: durationText.optional(),
        /** Only this stream is read every so often; the others keep their interval. */
        stream: idText.optional(),
      }),
      answer: capacityJson,
      handle: async ({ query, caller }) => {
        const { provider, integration, profiles, every, stream } = query
        const found = await engine.capacity(caller.environment, {
          ...{ provider, integration, profiles, everyMs: every ?? null },
          ...(stream !== undefined && { streams: [stream] }),
        })
        const { fits, mostProfiles, shortestEveryMs, says } = found
        return {
          ...{
            provider: found.provider,
            integration: found.integration,
            profiles,
            fits,
            mostProfiles,
            shortestEveryMs,
          },
          ...{ says, binding: found.binding?.id ?? null },
          streams: found.costs.map(({ accountsPerRun: _, ...cost }) => ({ ...cost, takes: { ...cost.takes } })),
          data: found.quotas.map(capacityToJson),
        }
      },
    }),
  ]
}

const idOf = ({ integration, quota }: QuotaForecast): string => `${integration}/${quota.id}`

function forecastToJson(row: QuotaForecast): z.input<typeof forecastJson> {
  const { quota, whose, held, waiting, streams } = row
  const { id, per, limit, source } = quota
  const unit = unitOfQuota(quota)
  const { provider, integration, usable, used, windowMs, expected, readings, shareAtReset, says } = row
  return {
    ...{
      provider,
      integration,
      quota: id,
      per,
      holder: whose,
      unit,
      limit,
      usable,
      used,
      windowMs,
      expected,
      readings,
    },
    ...{ shareAtReset, says, source, streams: streams.map((stream) => ({ ...stream })) },
    id: idOf(row),
    zone: calendarOf(quota)?.zone ?? null,
    resetsAt: iso(row.resetsAt),
    exhaustedAt: iso(row.exhaustedAt),
    parkedUntil: iso(row.parkedUntil),
    held: held && { readings: held.readings, until: iso(held.until) },
    waiting: waiting && { readings: waiting.readings, from: iso(waiting.from), until: iso(waiting.until) },
  }
}

function capacityToJson({ quota, ...found }: QuotaCapacity): z.input<typeof capacityJson>['data'][number] {
  const { id, per, limit, source } = quota
  return { quota: id, per, unit: unitOfQuota(quota), limit, source, ...found }
}

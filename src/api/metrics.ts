import { Fault, metricDefinition, metrics } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { availability } from '../engine/metrics/availability.ts'
import { explainPoint } from '../engine/metrics/explain.ts'
import { queryMetrics } from '../engine/metrics/query.ts'
import { summarizeProfile } from '../engine/metrics/summary.ts'
import type { Connection } from '../ports/connections.ts'
import { cutPage, dayText, idText, instant, iso, pageOf, paging, route } from './route.ts'

/** A list as `a,b,c` in the query. */
const commaList = z
  .string()
  .max(4000)
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  )

const pointJson = z.strictObject({
  connection: z.string(),
  /** The platform's id of the item; null for the account itself. */
  item: z.string().nullable(),
  metric: z.string(),
  value: z.number().nullable(),
  /** Why the value is null. */
  reason: z.string().nullable(),
  unit: z.string(),
  kind: z.string(),
  dimensions: z.record(z.string(), z.string()),
  period: z.strictObject({
    day: z.string(),
    start: instant,
    end: instant,
    timezone: z.string(),
    granularity: z.string(),
  }),
  /** The moment the number is about: the end of its period, or when a gauge was read. */
  asOf: instant,
  fetchedAt: instant,
  provenance: z.string(),
  final: z.boolean(),
  source: z.strictObject({ provider: z.string(), native: z.string(), stream: z.string(), run: z.string() }),
})

const definitionJson = z.strictObject({
  metric: z.string(),
  summary: z.string(),
  unit: z.string(),
  kind: z.string(),
  window: z.string().nullable(),
  uniqueness: z.string(),
  additiveOver: z.array(z.string()),
  direction: z.string(),
})

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
})

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

const provenanceJson = z.strictObject({
  point: pointJson,
  definition: definitionJson,
  /** In words: what it is, where it comes from, how sure it is. */
  says: z.array(z.string()),
  revisions: z.array(
    z.strictObject({
      value: z.number().nullable(),
      reason: z.string().nullable(),
      observedAt: instant,
      run: z.string(),
    }),
  ),
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
        profile: idText.optional(),
        connection: commaList.optional(),
        metric: commaList.optional(),
        from: dayText.optional(),
        to: dayText.optional(),
        granularity: z.enum(['day', 'week', 'month', 'latest']).default('latest'),
        /** A platform id, or `*` for every item. The accounts themselves when absent. */
        item: z.string().max(200).optional(),
        /** `15m`: read anew first when what is stored is older, and wait a few seconds for it. */
        maxAge: z
          .string()
          .regex(/^\d+[smhd]$/)
          .optional(),
        limit: z.coerce.number().int().min(1).max(20_000).default(5_000),
      }),
      answer: z.strictObject({ data: z.array(pointJson), truncated: z.boolean() }),
      handle: async ({ query, caller, signal }) => {
        const connections = await chosen(caller.environment.id, query)
        for (const metric of query.metric ?? [])
          if (!metricDefinition(metric))
            throw new Fault('input.invalid', `There is no metric "${metric}".`, { field: 'metric' })
        if (query.maxAge !== undefined) await engine.freshen(caller.environment.id, connections, query.maxAge, signal)
        const { points, truncated } = await queryMetrics(deps, caller.environment.id, {
          connections,
          metrics: query.metric,
          from: query.from,
          to: query.to,
          granularity: query.granularity,
          item: query.item,
          limit: query.limit,
        })
        return { data: points.map(toJson), truncated }
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
      handle: async () => ({
        data: availability(engine.setting.providers).map((row) => ({ ...row, streams: [...row.streams] })),
      }),
    }),
    route({
      method: 'GET',
      path: '/v1/metrics/explain',
      name: 'metrics.explain',
      summary: 'Where one number comes from: its source, run, definition and earlier values',
      scope: 'metrics:read',
      query: z.strictObject({
        connection: idText,
        metric: z.string().max(100),
        day: dayText,
        item: z.string().max(200).optional(),
      }),
      answer: provenanceJson,
      handle: async ({ query, caller }) => {
        const [connection] = await chosen(caller.environment.id, { connection: [query.connection] })
        const explained = await explainPoint(deps, engine.setting, caller.environment.id, {
          connection: connection!,
          metric: query.metric,
          day: query.day,
          item: query.item ?? null,
        })
        return {
          point: toJson(explained.point),
          definition: definitionToJson(query.metric),
          says: [...explained.says],
          revisions: explained.revisions.map(({ value, reason, observedAt, runId }) => ({
            value,
            reason,
            observedAt: iso(observedAt),
            run: runId,
          })),
        }
      },
    }),
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
        const summary = await summarizeProfile(deps, engine.setting, caller.environment.id, params.id)
        return {
          profile: summary.profile,
          accounts: summary.accounts.map((account) => ({
            ...account,
            metrics: [...account.metrics],
            notOffered: { ...account.notOffered },
            freshness: { ...account.freshness, syncedAt: iso(account.freshness.syncedAt) },
          })),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/items',
      name: 'items.list',
      summary: 'What was published, newest first',
      scope: 'metrics:read',
      query: z.strictObject({
        ...paging,
        profile: idText.optional(),
        connection: commaList.optional(),
        kind: idText.optional(),
      }),
      answer: pageOf(itemJson),
      handle: async ({ query, caller }) => {
        const connections = await chosen(caller.environment.id, query)
        const rows = await deps.records.items(caller.environment.id, {
          connections: connections.map(({ id }) => id),
          kind: query.kind,
          after: query.cursor,
          limit: query.limit + 1,
        })
        const { data, nextCursor } = cutPage(rows, query.limit, ({ connectionId, id }) => `${connectionId}:${id}`)
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
      query: z.strictObject({ profile: idText.optional(), connection: commaList.optional() }),
      answer: z.strictObject({ data: z.array(audienceJson) }),
      handle: async ({ query, caller }) => {
        const connections = await chosen(caller.environment.id, query)
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

  /** The connections of a profile, or those that are named; naming one that is not there is an error and not an empty answer. */
  async function chosen(
    environmentId: string,
    query: { profile?: string; connection?: readonly string[] },
  ): Promise<Connection[]> {
    if (query.connection === undefined && query.profile === undefined)
      throw new Fault('input.invalid', 'Say which profile or connection.', { field: 'profile' })
    const connections = await deps.connections.list(environmentId, {
      profile: query.profile,
      ids: query.connection,
      limit: 1000,
    })
    const others = (query.connection ?? []).filter((id) => !connections.some((connection) => connection.id === id))
    // A list leaves out what was disconnected; who names one means it, and its history stays.
    for (const id of others) {
      const connection = await deps.connections.read(environmentId, id)
      if (!connection || (query.profile !== undefined && connection.profileId !== query.profile))
        throw new Fault('input.unknown', `There is no connection "${id.slice(0, 128)}" here.`)
      connections.push(connection)
    }
    return connections
  }
}

type Point = Awaited<ReturnType<typeof queryMetrics>>['points'][number]

function toJson(point: Point): z.input<typeof pointJson> {
  return {
    ...point,
    dimensions: { ...point.dimensions },
    period: { ...point.period, start: iso(point.period.start), end: iso(point.period.end) },
    asOf: iso(point.asOf),
    fetchedAt: iso(point.fetchedAt),
  }
}

function definitionToJson(metric: string): z.input<typeof definitionJson> {
  const definition = metricDefinition(metric)!
  return { metric, ...definition, additiveOver: [...definition.additiveOver] }
}

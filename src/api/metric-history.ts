import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { explainPoint } from '../engine/metrics/explain.ts'
import { keyOf, type Revision, readHistory, type WantedNumber } from '../engine/metrics/history.ts'
import { chosenConnections } from './chosen-connections.ts'
import { definitionJson, definitionToJson, dimensionsText, pointJson, pointToJson } from './metric-json.ts'
import { cutPage, dayText, idText, instant, iso, itemText, pageOf, paging, route } from './route.ts'

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

/** What points at one number. */
const pointing = {
  connection: idText,
  metric: z.string().max(100),
  day: dayText,
  item: itemText.optional(),
  dimensions: dimensionsText.optional(),
}

const revisionText = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number)

const revisionJson = z.strictObject({
  connection: z.string(),
  metric: z.string(),
  item: z.string().nullable(),
  dimensions: z.record(z.string(), z.string()),
  day: z.string(),
  timezone: z.string(),
  /** How many values it had before this one. */
  revision: z.number(),
  value: z.number().nullable(),
  reason: z.string().nullable(),
  provenance: z.string(),
  native: z.string(),
  version: z.string().nullable(),
  final: z.boolean(),
  /** When this value was read first. */
  observedAt: instant,
  stream: z.string(),
  run: z.string(),
  /** Null for the value that counts now. */
  replacedBy: z.strictObject({ revision: z.number(), observedAt: instant }).nullable(),
})

/** Where a number comes from, and what it was before. */
export function metricHistoryRoutes(engine: Engine) {
  const { deps } = engine
  return [
    route({
      method: 'GET',
      path: '/v1/metrics/explain',
      name: 'metrics.explain',
      summary: 'Where one number comes from: its source, run, definition and earlier values',
      scope: 'metrics:read',
      query: z.strictObject(pointing),
      answer: provenanceJson,
      handle: async ({ query, caller }) => {
        const wanted = await pointedAt(caller.environment.id, query)
        const explained = await explainPoint(deps, engine.setting, caller.environment.id, wanted)
        return {
          point: pointToJson(explained.point),
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
      path: '/v1/metrics/revisions',
      name: 'metrics.revisions',
      summary: 'Every value that one number ever had, newest first: when it was read, and what replaced it',
      scope: 'metrics:read',
      query: z.strictObject({ ...pointing, limit: paging.limit, cursor: revisionText.optional() }),
      answer: pageOf(revisionJson),
      handle: async ({ query, caller }) => {
        const key = await keyOf(deps, caller.environment.id, await pointedAt(caller.environment.id, query))
        const rows = await readHistory(deps, caller.environment.id, key, {
          before: query.cursor,
          limit: query.limit + 1,
        })
        const { data, nextCursor } = cutPage(rows, query.limit, ({ value }) => String(value.revision))
        return { data: data.map(revisionToJson), nextCursor }
      },
    }),
  ]

  async function pointedAt(
    environmentId: string,
    query: z.output<z.ZodObject<typeof pointing>>,
  ): Promise<WantedNumber> {
    const { connection: id, metric, day, item = null, dimensions } = query
    const [connection] = await chosenConnections(deps, environmentId, { connection: [id] })
    return { connection: connection!, metric, day, item, dimensions }
  }
}

function revisionToJson({ value, replaced }: Revision): z.input<typeof revisionJson> {
  const { observedAt, runId, connectionId, ...rest } = value
  return {
    ...rest,
    connection: connectionId,
    dimensions: { ...rest.dimensions },
    observedAt: iso(observedAt),
    run: runId,
    replacedBy: replaced && { revision: replaced.by, observedAt: iso(replaced.at) },
  }
}

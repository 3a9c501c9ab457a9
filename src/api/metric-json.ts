import { metricDefinition } from '@patchbay/kit'
import { z } from 'zod'
import type { MetricPoint } from '../engine/metrics/point.ts'
import type { Coverage } from '../engine/metrics/roll-up.ts'
import { commaList } from './chosen-connections.ts'
import { instant, iso } from './route.ts'

/** How much of a week or a month is known. */
const coverageJson = z.strictObject({
  complete: z.boolean(),
  /** Of a state: the day whose value it is. */
  valueDay: z.string().nullable(),
  /** Of a sum: what the known days come to, which is not the value while days are missing. */
  soFar: z.number().nullable(),
  missing: z.array(z.strictObject({ from: z.string(), to: z.string(), reason: z.string() })),
})

const comparisonJson = z.strictObject({
  against: z.enum(['previous', 'year']),
  /** First day of the earlier period. */
  day: z.string().nullable(),
  value: z.number().nullable(),
  coverage: coverageJson.nullable(),
  change: z.number().nullable(),
  /** The change as a share of the earlier value. */
  ratio: z.number().nullable(),
  /** Why there is no change. */
  reason: z.string().nullable(),
})

/** Numbers of several accounts as one. */
export const sumJson = {
  value: z.number().nullable(),
  /** What the parts that are there come to: the value when all are. */
  known: z.number().nullable(),
  /** Why there is no value. */
  reason: z.string().nullable(),
  parts: z.array(
    z.strictObject({
      connection: z.string(),
      provider: z.string(),
      day: z.string().nullable(),
      value: z.number().nullable(),
      reason: z.string().nullable(),
      version: z.string().nullable(),
    }),
  ),
}

/** Named metrics, each of which there is. */
export const metricList = commaList.superRefine((names, context) => {
  for (const name of names)
    if (!metricDefinition(name))
      context.addIssue({ code: 'custom', message: `There is no metric "${name.slice(0, 100)}".` })
})

/** `{"country":"FR"}`: of a breakdown, which group. The number without dimensions when absent. */
export const dimensionsText = z
  .string()
  .max(1000)
  .transform((text, context) => {
    const parsed = z.record(z.string(), z.string()).safeParse(jsonOrUndefined(text))
    if (parsed.success) return parsed.data
    context.addIssue({ code: 'custom', message: 'dimensions is a JSON object of texts, such as {"country":"FR"}.' })
    return z.NEVER
  })

export const pointJson = z.strictObject({
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
  /** The platform's rule for counting, where it has changed over time. */
  version: z.string().nullable(),
  /** Null for a day and for the latest value. */
  coverage: coverageJson.nullable(),
  /** Beside an earlier period, when that was asked for. */
  comparison: comparisonJson.nullable(),
  source: z.strictObject({ provider: z.string(), native: z.string(), stream: z.string(), run: z.string() }),
})

export const definitionJson = z.strictObject({
  metric: z.string(),
  summary: z.string(),
  unit: z.string(),
  kind: z.string(),
  window: z.string().nullable(),
  uniqueness: z.string(),
  additiveOver: z.array(z.string()),
  /** What a week or a month of it is: `sum`, `last`, or `refused`. */
  rollUp: z.string(),
  direction: z.string(),
})

export function pointToJson(point: MetricPoint): z.input<typeof pointJson> {
  return {
    ...point,
    dimensions: { ...point.dimensions },
    period: { ...point.period, start: iso(point.period.start), end: iso(point.period.end) },
    asOf: iso(point.asOf),
    fetchedAt: iso(point.fetchedAt),
    coverage: coverageToJson(point.coverage),
    comparison: point.comparison && { ...point.comparison, coverage: coverageToJson(point.comparison.coverage) },
  }
}

const coverageToJson = (coverage: Coverage | null) => coverage && { ...coverage, missing: [...coverage.missing] }

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export function definitionToJson(metric: string): z.input<typeof definitionJson> {
  const definition = metricDefinition(metric)!
  return { metric, ...definition, additiveOver: [...definition.additiveOver] }
}

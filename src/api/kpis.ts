import { dayMs, Fault, minute } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { type Figure, type Kpi, meets } from '../engine/watch/kpis/kpi.ts'
import { callsKeptMs } from '../engine/watch/watch-jobs.ts'
import type { RequestCounts } from './request-counts.ts'
import { idText, instant, iso, route } from './route.ts'

const figureJson = z.strictObject({
  /** Numerator by denominator; null where it cannot be known. */
  value: z.number().nullable(),
  /** Whether it is what it should be; null where there is no value. */
  met: z.boolean().nullable(),
  /** Why there is no value. */
  whyNone: z.string().nullable(),
  numerator: z.number(),
  denominator: z.number(),
  /** What was left out of the denominator, by reason. */
  excluded: z.array(z.strictObject({ reason: z.string(), count: z.number() })),
  /** What else belongs to it: counts, shares, milliseconds. */
  details: z.record(z.string(), z.number().nullable()),
})

const kpiJson = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** What is divided by what. */
  says: z.string(),
  unit: z.string(),
  target: z.strictObject({ atLeast: z.number().nullable(), atMost: z.number().nullable() }),
  /** What of the definition is not measured. */
  notMeasured: z.string().nullable(),
  overall: figureJson,
  /** By platform; empty for what concerns none. */
  providers: z.record(z.string(), figureJson),
})

const longestMs = 92 * dayMs

/** How well this server does what it promises. */
export function kpiRoutes(engine: Engine, counts?: Pick<RequestCounts, 'flush'>) {
  return [
    route({
      method: 'GET',
      path: '/v1/kpis',
      name: 'kpis.read',
      summary:
        'The numbers by which this server is judged, counted anew from its history; the last 28 days when no window is given',
      scope: 'journal:read',
      query: z.strictObject({
        from: z.iso.datetime({ offset: true }).optional(),
        to: z.iso.datetime({ offset: true }).optional(),
        provider: idText.optional(),
      }),
      answer: z.strictObject({ from: instant, to: instant, data: z.array(kpiJson) }),
      handle: async ({ query, caller }) => {
        const to = query.to === undefined ? engine.deps.clock.now() : Date.parse(query.to)
        const from = query.from === undefined ? to - 28 * dayMs : Date.parse(query.from)
        if (!(to - from >= minute && to - from <= longestMs))
          throw new Fault('input.invalid', 'A window is between a minute and 92 days long.', { field: 'from' })
        if (from < engine.deps.clock.now() - callsKeptMs)
          throw new Fault(
            'input.invalid',
            `Calls are kept for ${callsKeptMs / dayMs} days, and no window begins earlier.`,
            {
              field: 'from',
            },
          )
        await counts?.flush()
        const kpis = await engine.kpis(caller.environment, { from, to, provider: query.provider })
        return { from: iso(from), to: iso(to), data: kpis.map(toJson) }
      },
    }),
  ]
}

function toJson({ target, overall, providers, ...kpi }: Kpi): z.input<typeof kpiJson> {
  const json = (figure: Figure) => ({
    ...figure,
    met: meets(target, figure.value),
    excluded: [...figure.excluded],
    details: { ...figure.details },
  })
  return {
    ...kpi,
    target: { atLeast: 'atLeast' in target ? target.atLeast : null, atMost: 'atMost' in target ? target.atMost : null },
    overall: json(overall),
    providers: Object.fromEntries(Object.entries(providers).map(([provider, figure]) => [provider, json(figure)])),
  }
}

import { at, Fault, type Json, listAt, z } from '@patchbay/kit'

/**
 * One metric of an insights answer. `values` holds a lifetime number or a series, `total_value` a total of the window asked for, with breakdowns
 * for demographics. A metric the platform has nothing for is missing from the list, which never means zero.
 */
export type Insight = z.output<typeof shape>

const shape = z.object({
  name: z.string(),
  values: z.array(z.object({ value: z.number(), end_time: z.string().optional() })).optional(),
  total_value: z
    .object({
      value: z.number().optional(),
      breakdowns: z
        .array(
          z.object({
            dimension_keys: z.array(z.string()),
            results: z.array(z.object({ dimension_values: z.array(z.string()), value: z.number() })).optional(),
          }),
        )
        .optional(),
    })
    .optional(),
})

/** The metrics of an answer by name. One of a shape we do not know is left out, and named in `refused`. */
export function readInsights(body: Json | undefined): {
  byName: ReadonlyMap<string, Insight>
  refused: { what: string; why: string }[]
} {
  const byName = new Map<string, Insight>()
  const refused: { what: string; why: string }[] = []
  for (const entry of body === undefined ? [] : listAt(body, 'data')) {
    const read = shape.safeParse(entry)
    if (read.success) byName.set(read.data.name, read.data)
    else refused.push({ what: `insight ${String(at(entry, 'name'))}`, why: z.prettifyError(read.error) })
  }
  return { byName, refused }
}

/** The single number of a metric, whichever of the two forms it came in. */
export const numberOf = (insight: Insight | undefined): number | undefined =>
  insight?.total_value?.value ?? insight?.values?.[0]?.value

/** Parses what must be there. Another shape stops the stream: nothing of it can be trusted. */
export function readShape<Shape extends z.ZodType>(shape: Shape, body: unknown, path: string): z.output<Shape> {
  const read = shape.safeParse(body)
  if (read.success) return read.data
  throw new Fault('provider.changed', `the answer has another shape: ${z.prettifyError(read.error)}`, { path })
}

/** An id, which Meta sends as text or as a number that may be beyond 2^53 (and then arrives here as text). */
export const idText = z.union([z.string().min(1), z.number().int()]).transform(String)

/** `2026-11-20T15:00:00+0000`: the offset has no colon, which is not quite ISO 8601. */
export const instantOf = (timestamp: string): number => Date.parse(timestamp.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))

import type { Truth } from '@patchbay/kit'
import type { Client } from '@patchbay/sdk'

type Connection = Awaited<ReturnType<Client['connections']['list']>>['data'][number]
type Point = Awaited<ReturnType<Client['metrics']['query']>>['data'][number]

export interface Comparison {
  /** Stored points, of accounts and items. */
  readonly points: readonly Point[]
  /** Each a sentence: what is stored and untrue, true and not stored, or stored twice. */
  readonly differences: readonly string[]
}

/**
 * Compares what one connection stores from `from` to `to` with what is true of its account. Days before `to` are compared for metrics that have a
 * history; of what is read as it stands, only the day `to`, since nobody knows any more what the platform showed earlier in that day's place.
 */
export async function compareWithTruth(
  client: Client,
  { id, provider, profile }: Connection,
  truths: readonly Truth[],
  { from, to }: { from: string; to: string },
): Promise<Comparison> {
  const asked = { connection: id, from, to, granularity: 'day', limit: 20_000 } as const
  const answers = [await client.metrics.query(asked), await client.metrics.query({ ...asked, item: '*' })]
  const points = answers.flatMap(({ data }) => data)
  const name = `${profile} on ${provider}`
  const differences: string[] = []
  if (answers.some(({ truncated }) => truncated)) differences.push(`${name}: the answer was cut short`)

  const stored = new Map<string, number | null>()
  for (const { metric, item, dimensions, period, value, reason } of points) {
    const key = keyOf({ metric, item, dimensions, day: period.day })
    if (stored.has(key)) differences.push(`${name}: ${key} is there twice`)
    // That a day is not there yet is no number that could be untrue.
    if (reason !== 'not_ready') stored.set(key, value)
  }
  const known = new Set(truths.map(({ metric }) => metric as string))
  const compared = new Set<string>()
  for (const { metric, item = null, dimensions = {}, day, value } of truths) {
    const key = keyOf({ metric, item, dimensions, day })
    compared.add(key)
    const found = stored.get(key)
    if (found === undefined) differences.push(`${name}: ${key} is ${value} and was not stored`)
    else if (found !== value) differences.push(`${name}: ${key} is ${value} and ${found} was stored`)
  }
  for (const [key, value] of stored) {
    const [metric, , , day] = JSON.parse(key) as string[]
    if (!compared.has(key) && known.has(metric!) && day! <= to)
      differences.push(`${name}: ${key} is stored as ${value} and nothing like it is true`)
  }
  return { points, differences }
}

const keyOf = (one: {
  metric: string
  item: string | null
  dimensions: Readonly<Record<string, string>>
  day: string
}): string => JSON.stringify([one.metric, one.item, Object.entries(one.dimensions).flat().join(' '), one.day])

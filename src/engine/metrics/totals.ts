import { type Day, Fault, type Provider } from '@patchbay/kit'
import { activeStates, type Connection } from '../../ports/connections.ts'
import type { Slot } from '../../ports/schedule.ts'
import type { Deps, Setting } from '../deps.ts'
import { definitionOf, type MetricPoint } from './point.ts'
import { type MetricQuery, queryMetrics } from './query.ts'
import { whyNoTotal } from './refusals.ts'

/** The number of one account, as a part of a total. */
export interface Part {
  readonly connection: string
  readonly provider: string
  /** Of which day, or the first day of the period; null when there is none. */
  readonly day: Day | null
  readonly value: number | null
  readonly reason: string | null
  readonly version: string | null
}

/** `known` is what the parts that are there come to. It is the value when all are. */
export interface Sum {
  readonly value: number | null
  readonly known: number | null
  readonly reason: 'incomplete' | 'definition_changed' | 'different_days' | null
}

export interface Total extends Sum {
  readonly metric: string
  readonly unit: string
  /** Empty, or the currency of an amount of money. */
  readonly dimensions: Readonly<Record<string, string>>
  /** The first day of the period; null for the newest numbers, each of which has its own. */
  readonly day: Day | null
  /** A platform's day stays the platform's: these are the zones of the days that were added. */
  readonly timezones: readonly string[]
  readonly parts: readonly Part[]
}

/** More points than this are not added up in one answer. One that is cut would be a sum without some of its accounts. */
const mostPoints = 20_000

/**
 * The numbers of several accounts as one, with every part of it. What cannot be added is refused: different people, places, scores, and what each platform
 * counts by its own rule. A part that is missing makes the total null and hides none of the others. An account that is connected twice is counted once.
 */
export async function queryTotals(
  deps: Pick<Deps, 'records' | 'schedule' | 'clock'>,
  setting: Setting,
  environmentId: string,
  query: Omit<MetricQuery, 'item' | 'limit' | 'compare'> & { readonly metrics: readonly string[] },
): Promise<Total[]> {
  const { metrics, granularity } = query
  const providers = await setting.providers.in(environmentId)
  const slots = Map.groupBy(
    await deps.schedule.of(
      environmentId,
      query.connections.map(({ id }) => id),
    ),
    ({ connectionId }) => connectionId,
  )
  const accounts = new Map(
    metrics.map((metric) => {
      const slotsOf = ({ id }: Connection) => slots.get(id) ?? []
      const counted = onePerAccount(query.connections, (one) => reads(providers, one, metric, slotsOf(one)))
      return [metric, { counted, givers: counted.filter((one) => gives(providers, one, metric, slotsOf(one))) }]
    }),
  )
  for (const [metric, { givers }] of accounts) {
    const says = whyNoTotal(metric, areOnSeveral(givers))
    if (says !== null) throw new Fault('input.invalid', says, { field: 'metric' })
  }
  const connections = [...new Set([...accounts.values()].flatMap(({ counted }) => counted))]
  const { points, truncated } = await queryMetrics(deps, environmentId, { ...query, connections, limit: mostPoints })
  if (truncated) throw new Fault('input.too_large', 'There is too much to add up: ask for fewer metrics or days.')
  const dayOf = ({ period }: MetricPoint) => (granularity === 'latest' ? null : period.day)
  const isCounted = ({ metric, connection }: MetricPoint) =>
    accounts.get(metric)!.counted.some(({ id }) => id === connection)
  const counted = points.filter((point) => isWhole(point) && isCounted(point))
  const groups = Map.groupBy(counted, (point) => JSON.stringify([point.metric, point.dimensions, dayOf(point)]))
  const known = new Set(counted.map((point) => JSON.stringify([point.connection, point.metric, dayOf(point)])))
  return [...groups.values()]
    .map((group) => {
      const { metric, dimensions, unit } = group[0]!
      const day = dayOf(group[0]!)
      const parts = Map.groupBy(group, ({ connection }) => connection)
      const { counted, givers } = accounts.get(metric)!
      // Who has an amount in another currency lacks none in this one.
      const isOwed = (one: Connection) =>
        givers.includes(one) &&
        (Object.keys(dimensions).length === 0 || !known.has(JSON.stringify([one.id, metric, day])))
      const members = counted.filter((one) => parts.has(one.id) || isOwed(one))
      const added = members.map((connection) => {
        const point = parts.get(connection.id)?.[0]
        return partOf(connection, point && { ...point, day: point.period.day })
      })
      return {
        ...{ metric, unit, dimensions, ...addUp(metric, added), parts: added, day },
        timezones: [...new Set(group.map(({ period }) => period.timezone))].sort(),
      }
    })
    .sort((one, other) => orderOf(one).localeCompare(orderOf(other), 'en'))
}

/** Adds what may be added. Amounts of different days, or counted by different rules of one platform, are not one amount. */
export function addUp(metric: string, parts: readonly Part[]): Sum {
  const there = parts.filter((part): part is Part & { value: number } => part.value !== null)
  const versions = Map.groupBy(there, ({ provider }) => provider).values()
  if ([...versions].some((ofOne) => ofOne.some(({ version }) => version !== ofOne[0]!.version)))
    return { value: null, known: null, reason: 'definition_changed' }
  if (definitionOf(metric).kind === 'delta' && new Set(there.map(({ day }) => day)).size > 1)
    return { value: null, known: null, reason: 'different_days' }
  const known = there.length === 0 ? null : there.reduce((total, { value }) => total + value, 0)
  const isWhole = there.length === parts.length
  return { value: isWhole ? known : null, known, reason: isWhole ? null : 'incomplete' }
}

/** Whether a stream is read of it that brings this metric: a platform that does not give it leaves no gap. */
export function gives(
  providers: ReadonlyMap<string, Provider>,
  connection: Connection,
  metric: string,
  slots: readonly Slot[],
): boolean {
  const streams = providers.get(connection.provider)?.streams
  return slots.some(
    ({ connectionId, stream }) =>
      connectionId === connection.id && (streams?.[stream]?.metrics as readonly string[] | undefined)?.includes(metric),
  )
}

/** The same, and nothing keeps it from being read. */
export const reads: typeof gives = (providers, connection, metric, slots) =>
  gives(
    providers,
    connection,
    metric,
    slots.filter(({ blocked }) => blocked === null),
  )

/** Of several connections to one account one through which what is wanted is read, since not every consent covers everything; else one that is read, or the oldest. */
export function onePerAccount(
  connections: readonly Connection[],
  isRead: (connection: Connection) => boolean,
): Connection[] {
  const groups = Map.groupBy(connections, ({ provider, account }) => JSON.stringify([provider, account.id]))
  return [...groups.values()].map((same) => {
    const readers = same.filter(isRead)
    const those = readers.length > 0 ? readers : same
    return those.find(({ state }) => activeStates.includes(state)) ?? those[0]!
  })
}

/** Whether they are on several platforms. */
export const areOnSeveral = (rows: readonly { readonly provider: string }[]) =>
  new Set(rows.map(({ provider }) => provider)).size > 1

/** Of a breakdown nobody knows whether its groups are all there; the number without dimensions is the whole. */
function isWhole({ dimensions }: MetricPoint): boolean {
  return Object.keys(dimensions).every((name) => name === 'currency')
}

const orderOf = ({ metric, dimensions, day }: Total) => JSON.stringify([metric, dimensions, day])

/** What is there of an account, or that nothing was read yet. */
export function partOf(
  { id, provider }: Connection,
  row: Pick<Part, 'day' | 'value' | 'reason' | 'version'> | undefined,
): Part {
  const { day = null, value = null, reason = 'not_read', version = null } = row ?? {}
  return { connection: id, provider, day, value, reason, version }
}

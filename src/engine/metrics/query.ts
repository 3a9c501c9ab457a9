import { addDays, daysBetween, Fault, startOfDay } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { StoredObservation } from '../../ports/records.ts'
import type { Deps } from '../deps.ts'
import { definitionOf, type Granularity, type MetricPoint, pointOf } from './point.ts'
import { readLatest } from './read-latest.ts'

export interface MetricQuery {
  readonly connections: readonly Connection[]
  /** Every metric that is stored, when absent. */
  readonly metrics?: readonly string[]
  readonly from?: string
  readonly to?: string
  readonly granularity: Granularity
  /** A platform id, or `*` for every item. The accounts themselves when absent. */
  readonly item?: string
  readonly limit: number
}

/**
 * Points of connections, ordered by connection, metric, item, dimensions and day. Weeks begin on Monday. A week or month of a daily amount is the sum of its
 * days and only if all of them are there; of a state, its last day; of uniques it is refused, because people cannot be added up.
 * Platforms are never added together: each connection has its own points.
 */
export async function queryMetrics(
  deps: Pick<Deps, 'records' | 'schedule' | 'clock'>,
  environmentId: string,
  query: MetricQuery,
): Promise<{ points: MetricPoint[]; truncated: boolean }> {
  const { granularity, metrics = [] } = query
  refuseWhatCannotBe(query, granularity, metrics)
  const ids = query.connections.map(({ id }) => id)
  const [rows, slots] = await Promise.all([
    granularity === 'latest' ? readLatest(deps, environmentId, ids, query) : readDays(deps, environmentId, ids, query),
    deps.schedule.of(environmentId, ids),
  ])
  const truncated = rows.length > query.limit
  const kept = truncated ? rows.slice(0, query.limit) : rows
  const now = deps.clock.now()
  const toPoint = (row: StoredObservation) =>
    pointOf(row, query.connections.find(({ id }) => id === row.connectionId)?.provider ?? '', {
      slots: slots.filter(({ connectionId }) => connectionId === row.connectionId),
      now,
    })
  if (granularity === 'day' || granularity === 'latest') return { points: kept.map(toPoint), truncated }
  const periods = Map.groupBy(kept, (row) => seriesKey(row, startOf(row.day, granularity))).values()
  return { points: [...periods].map((days) => fold(days, days.map(toPoint), granularity)), truncated }
}

function readDays(
  { records }: Pick<Deps, 'records'>,
  environmentId: string,
  connections: readonly string[],
  { granularity, from, to, metrics = [], item, limit }: MetricQuery,
): Promise<StoredObservation[]> {
  return records.series(environmentId, {
    connections,
    metrics,
    // A week or month that is asked for in part is read whole, so that its sum is not.
    from: from && startOf(from, granularity),
    to: to && endOf(to, granularity),
    item,
    limit: limit + 1,
  })
}

function refuseWhatCannotBe({ from, to }: MetricQuery, granularity: Granularity, metrics: readonly string[]): void {
  if (from !== undefined && to !== undefined && from > to)
    throw new Fault('input.invalid', 'from is after to.', { field: 'from' })
  if (granularity !== 'week' && granularity !== 'month') return
  if (metrics.length === 0)
    throw new Fault('input.invalid', `Name the metrics: not every metric can be summed up by ${granularity}.`, {
      field: 'metric',
    })
  for (const metric of metrics) refuseSumOfUniques(metric, granularity)
}

function refuseSumOfUniques(metric: string, granularity: string): void {
  const { kind, additiveOver, uniqueness } = definitionOf(metric)
  const sums = kind === 'delta' || kind === 'rolling'
  if (sums && !additiveOver.includes('time')) {
    throw new Fault(
      'input.invalid',
      `${metric} counts ${uniqueness === 'events' ? 'within a day' : 'different people or accounts'}: days of it cannot be added to a ${granularity}. Ask for days.`,
      { field: 'granularity' },
    )
  }
}

/** Days that were counted by different rules do not make one sum. */
function fold(
  rows: readonly StoredObservation[],
  days: readonly MetricPoint[],
  granularity: 'week' | 'month',
): MetricPoint {
  const last = days.at(-1)!
  const { timezone } = last.period
  const firstDay = startOf(last.period.day, granularity)
  const endDay = addDays(endOf(last.period.day, granularity), 1)
  const period = {
    day: firstDay,
    start: startOfDay(firstDay, timezone),
    end: startOfDay(endDay, timezone),
    timezone,
    granularity,
  }
  if (last.kind !== 'delta') return { ...last, period }
  const oneRule = rows.every(({ version }) => version === rows[0]!.version)
  const complete = days.length === daysBetween(firstDay, endDay) && days.every(({ value }) => value !== null)
  const whole = oneRule && complete
  return {
    ...last,
    period,
    value: whole ? days.reduce((sum, { value }) => sum + value!, 0) : null,
    reason: whole ? null : complete ? 'definition_changed' : 'incomplete',
    asOf: period.end,
    fetchedAt: Math.min(...days.map(({ fetchedAt }) => fetchedAt)),
    provenance: 'derived',
    final: whole && days.every(({ final }) => final),
  }
}

function seriesKey(row: StoredObservation, period: string): string {
  return JSON.stringify([row.connectionId, row.metric, row.item, row.dimensions, period])
}

/** The first day of the week or month that a day is in. */
function startOf(day: string, granularity: Granularity): string {
  if (granularity === 'month') return `${day.slice(0, 8)}01`
  if (granularity !== 'week') return day
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay()
  return addDays(day, -((weekday + 6) % 7))
}

function endOf(day: string, granularity: Granularity): string {
  if (granularity === 'month') return addDays(startOf(addDays(startOf(day, 'month'), 32), 'month'), -1)
  return granularity === 'week' ? addDays(startOf(day, 'week'), 6) : day
}

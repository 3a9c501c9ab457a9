import { addDays, daysBetween, Fault, startOfDay } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { StoredObservation } from '../../ports/records.ts'
import type { Deps } from '../deps.ts'
import { definitionOf, type Granularity, type MetricPoint, pointOf } from './point.ts'

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
  deps: Pick<Deps, 'records'>,
  environmentId: string,
  query: MetricQuery,
): Promise<{ points: MetricPoint[]; truncated: boolean }> {
  const { granularity, metrics = [] } = query
  if (query.from !== undefined && query.to !== undefined && query.from > query.to)
    throw new Fault('input.invalid', 'from is after to.', { field: 'from' })
  if (granularity === 'week' || granularity === 'month') {
    if (metrics.length === 0)
      throw new Fault('input.invalid', `Name the metrics: not every metric can be summed up by ${granularity}.`, {
        field: 'metric',
      })
    for (const metric of metrics) refuseSumOfUniques(metric, granularity)
  }
  const rows = await deps.records.series(environmentId, {
    connections: query.connections.map(({ id }) => id),
    metrics,
    // A week or month that is asked for in part is read whole, so that its sum is not.
    from: query.from && startOf(query.from, granularity),
    to: query.to && endOf(query.to, granularity),
    item: query.item,
    latest: granularity === 'latest',
    limit: query.limit + 1,
  })
  const truncated = rows.length > query.limit
  const kept = truncated ? rows.slice(0, query.limit) : rows
  const providers = new Map(query.connections.map(({ id, provider }) => [id, provider]))
  const toPoint = (row: StoredObservation) => pointOf(row, providers.get(row.connectionId) ?? '')
  if (granularity === 'day' || granularity === 'latest') return { points: kept.map(toPoint), truncated }
  return {
    points: [...Map.groupBy(kept, (row) => seriesKey(row, startOf(row.day, granularity))).values()].map((days) =>
      fold(days.map(toPoint), granularity),
    ),
    truncated,
  }
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

function fold(days: readonly MetricPoint[], granularity: 'week' | 'month'): MetricPoint {
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
  const whole = days.length === daysBetween(firstDay, endDay) && days.every(({ value }) => value !== null)
  return {
    ...last,
    period,
    value: whole ? days.reduce((sum, { value }) => sum + value!, 0) : null,
    reason: whole ? null : 'incomplete',
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

import { Fault } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { StoredObservation } from '../../ports/records.ts'
import type { Deps } from '../deps.ts'
import type { Against } from './periods.ts'
import { type Granularity, type MetricPoint, pointOf } from './point.ts'
import { queryPeriods } from './query-periods.ts'
import { readLatest } from './read-latest.ts'
import { refuseRollUp } from './refusals.ts'

export interface MetricQuery {
  readonly connections: readonly Connection[]
  /** Every metric that is stored, when absent. */
  readonly metrics?: readonly string[]
  readonly from?: string
  readonly to?: string
  readonly granularity: Granularity
  /** Each day, week or month beside an earlier one. */
  readonly compare?: Against
  /** A platform id, or `*` for every item. The accounts themselves when absent. */
  readonly item?: string
  readonly limit: number
}

/**
 * Points of connections, ordered by connection, metric, item, dimensions and day. Weeks begin on Monday. What a week or a month of a metric is, is said by
 * its definition: the sum of its days and only if all of them are there, or the last day that is known; of uniques it is refused, because people cannot
 * be added up. Platforms are never added together: each connection has its own points.
 */
export async function queryMetrics(
  deps: Pick<Deps, 'records' | 'schedule' | 'clock'>,
  environmentId: string,
  query: MetricQuery,
): Promise<{ points: MetricPoint[]; truncated: boolean }> {
  const { granularity, compare, metrics = [], limit } = query
  refuseWhatCannotBe(query)
  const ids = query.connections.map(({ id }) => id)
  const slots = Map.groupBy(await deps.schedule.of(environmentId, ids), ({ connectionId }) => connectionId)
  const providers = new Map(query.connections.map(({ id, provider }) => [id, provider]))
  const now = deps.clock.now()
  const toPoint = (row: StoredObservation) =>
    pointOf(row, providers.get(row.connectionId) ?? '', { slots: slots.get(row.connectionId) ?? [], now })
  if (granularity === 'week' || granularity === 'month' || (granularity === 'day' && compare !== undefined))
    return queryPeriods(deps, environmentId, ids, { ...query, granularity, metrics }, toPoint)
  const rows =
    granularity === 'latest'
      ? await readLatest(deps, environmentId, ids, query)
      : await deps.records.series(environmentId, { ...query, connections: ids, metrics, limit: limit + 1 })
  return { points: rows.slice(0, limit).map(toPoint), truncated: rows.length > limit }
}

function refuseWhatCannotBe({ from, to, granularity, compare, metrics = [] }: MetricQuery): void {
  if (from !== undefined && to !== undefined && from > to)
    throw new Fault('input.invalid', 'from is after to.', { field: 'from' })
  if (granularity === 'week' || granularity === 'month') refuseRollUp(metrics, granularity)
  if (granularity === 'latest' && compare !== undefined)
    throw new Fault('input.invalid', 'The latest value has no period to compare: ask for days, weeks or months.', {
      field: 'compare',
    })
}

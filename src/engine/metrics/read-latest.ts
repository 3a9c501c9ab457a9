import { addDays, dayOf } from '@patchbay/kit'
import type { StoredObservation } from '../../ports/records.ts'
import type { Deps } from '../deps.ts'
import type { MetricQuery } from './query.ts'

/** The newest values, looked for where they nearly always are, and only what is not there in all of history. */
export async function readLatest(
  { records, clock }: Pick<Deps, 'records' | 'clock'>,
  environmentId: string,
  connections: readonly string[],
  { from, to, metrics = [], item, limit }: Pick<MetricQuery, 'from' | 'to' | 'metrics' | 'item' | 'limit'>,
): Promise<StoredObservation[]> {
  const about = { connections, metrics, to, item, latest: true, limit: limit + 1 }
  if (from !== undefined) return records.series(environmentId, { ...about, from })
  const recent = await records.series(environmentId, { ...about, from: addDays(to ?? dayOf(clock.now()), -recentDays) })
  const found = new Set(recent.map((row) => `${row.connectionId} ${row.metric}`))
  const isMissing = (id: string) =>
    metrics.length === 0
      ? !recent.some(({ connectionId }) => connectionId === id)
      : metrics.some((metric) => !found.has(`${id} ${metric}`))
  const missing = connections.filter(isMissing)
  if (missing.length === 0) return recent
  const older = await records.series(environmentId, { ...about, connections: missing })
  return [...recent, ...older.filter((row) => !found.has(`${row.connectionId} ${row.metric}`))].sort(bySeries)
}

const recentDays = 62

function bySeries(one: StoredObservation, other: StoredObservation): number {
  const [a, b] = [one, other].map((row) => [
    row.connectionId,
    row.metric,
    row.item ?? '',
    // The number itself comes before those that it is split into.
    Object.keys(row.dimensions).length === 0 ? '' : JSON.stringify(row.dimensions),
  ])
  for (const i of [0, 1, 2, 3]) if (a![i] !== b![i]) return a![i]! < b![i]! ? -1 : 1
  return 0
}

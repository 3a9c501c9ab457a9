import type { ScanQuery, StoredObservation } from '../../ports/records.ts'
import type { Deps } from '../deps.ts'

/** How many rows are in memory at once. */
const stepRows = 2_000

/**
 * Every row of a connection, in the order of its key and in flat memory, however many there are. Metrics are walked one by one, each from where its rows
 * begin; all of them are one walk.
 */
export async function* walkRows(
  { records }: Pick<Deps, 'records'>,
  environmentId: string,
  { metrics, ...query }: Omit<ScanQuery, 'after' | 'limit' | 'metric'> & { readonly metrics: readonly string[] },
): AsyncGenerator<readonly StoredObservation[]> {
  const wanted = metrics.length === 0 ? [undefined] : [...new Set(metrics)].sort()
  for (const metric of wanted) {
    for (let after: ScanQuery['after']; ; ) {
      const step = await records.scan(environmentId, { ...query, metric, after, limit: stepRows })
      if (step.length > 0) yield step
      if (step.length < stepRows) break
      after = step.at(-1)
    }
  }
}

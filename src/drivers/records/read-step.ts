import type { Sql } from '../../ports/database.ts'
import type { ScanQuery, StoredObservation } from '../../ports/records.ts'
import { type ObservationColumns, observationColumns, toObservation } from './observation-columns.ts'
import { dimensionsKey } from './observation-rows.ts'

/**
 * Of one connection and one metric or all, because then the order of the key is the order of the index and a step reads what it gives and no more,
 * on every version of PostgreSQL that we support. What was not asked for is not in the statement, so that the planner need not guess.
 */
export async function readStep(
  sql: Sql,
  environmentId: string,
  { connectionId, metric, from, to, item, after, limit }: ScanQuery,
): Promise<StoredObservation[]> {
  const values: unknown[] = [environmentId, connectionId, limit]
  const put = (value: unknown) => `$${values.push(value)}`
  const conditions = [
    ['metric', metric !== undefined && `metric = ${put(metric)}`],
    ['from', from !== undefined && `day >= ${put(from)}::date`],
    ['to', to !== undefined && `day <= ${put(to)}::date`],
    ['items', item === '*' && `item <> ''`],
    ['item', item !== '*' && item !== null && `item = ${put(item ?? '')}`],
    ['after', after !== undefined && `(metric, item, dimensions, day) > (${keyOf(after).map(put)}::date)`],
  ].filter((condition): condition is [string, string] => condition[1] !== false)
  const text = `
    select ${observationColumns} from observation
    where environment_id = $1 and connection_id = $2 ${conditions.map(([, condition]) => `and ${condition}`).join(' ')}
    order by metric, item, dimensions, day limit $3`
  const name = ['records.step', ...conditions.map(([name]) => name)].join('.')
  return (await sql<ObservationColumns>(text, values, name)).rows.map(toObservation)
}

const keyOf = ({ metric, item, dimensions, day }: NonNullable<ScanQuery['after']>) => [
  metric,
  item ?? '',
  dimensionsKey(dimensions),
  day,
]

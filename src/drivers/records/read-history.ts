import type { Sql } from '../../ports/database.ts'
import type { Records, StoredObservation } from '../../ports/records.ts'
import { type ObservationColumns, observationColumns, toObservation } from './observation-columns.ts'
import { dimensionsKey } from './observation-rows.ts'

export async function readHistory(
  sql: Sql,
  environmentId: string,
  ...[key, { before, limit }]: [Parameters<Records['history']>[1], Parameters<Records['history']>[2]]
): Promise<StoredObservation[]> {
  const { connectionId, metric, item, day, dimensions } = key
  const values = [
    environmentId,
    connectionId,
    metric,
    item ?? '',
    dimensionsKey(dimensions),
    day,
    before ?? null,
    limit,
  ]
  const { rows } = await sql<ObservationColumns>(selectHistory, values, 'records.history')
  return rows.map(toObservation)
}

const ofKey = `
  where environment_id = $1 and connection_id = $2 and metric = $3 and item = $4 and dimensions = $5 and day = $6::date
    and ($7::integer is null or revision < $7)`

/** One statement, so that a value which is replaced meanwhile is in one of the two tables and not in both or none. */
const selectHistory = `
  select ${observationColumns} from observation ${ofKey}
  union all
  select ${observationColumns} from observation_revision ${ofKey}
  order by revision desc limit $8`

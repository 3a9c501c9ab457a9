import type { Sql } from '../../ports/database.ts'
import type { Records, StoredObservation } from '../../ports/records.ts'
import { type ObservationColumns, observationColumns, toObservation } from './observation-columns.ts'
import { dimensionsKey } from './observation-rows.ts'

export async function readRevisions(
  sql: Sql,
  environmentId: string,
  key: Parameters<Records['revisions']>[1],
): Promise<StoredObservation[]> {
  const { connectionId, metric, item, day, dimensions } = key
  const values = [environmentId, connectionId, metric, item ?? '', dimensionsKey(dimensions), day]
  const { rows } = await sql<ObservationColumns>(selectRevisions, values, 'records.revisions')
  return rows.map(toObservation)
}

const selectRevisions = `
  select ${observationColumns} from observation_revision
  where environment_id = $1 and connection_id = $2 and metric = $3 and item = $4 and dimensions = $5 and day = $6::date
  order by revision desc`

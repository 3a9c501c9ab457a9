import type { Sql } from '../../ports/database.ts'
import type { Records, StoredObservation } from '../../ports/records.ts'
import { arrayLiteral } from './array-literal.ts'
import { type ObservationColumns, observationColumns, toObservation } from './observation-columns.ts'

export async function readNewest(
  sql: Sql,
  environmentId: string,
  { items, metrics }: Parameters<Records['newest']>[1],
): Promise<StoredObservation[]> {
  if (items.length === 0 || metrics.length === 0) return []
  const columns = [items.map(({ connectionId }) => connectionId), items.map(({ id }) => id)].map(arrayLiteral)
  const { rows } = await sql<ObservationColumns>(
    selectNewest,
    [environmentId, ...columns, metrics],
    'records.newest_of_items',
  )
  return rows.map(toObservation)
}

/** Each is one look into the index, however long its history is. */
const selectNewest = `
  select ${observationColumns} from (
    select newest.* from (select distinct * from unnest($2::text[], $3::text[])) as i (connection_id, id)
    cross join (select distinct * from unnest($4::text[])) as m (metric)
    cross join lateral (
      select o.* from observation o
      where o.environment_id = $1 and o.connection_id = i.connection_id and o.metric = m.metric and o.item = i.id and o.dimensions = ''
      order by o.day desc limit 1) as newest
  ) as found
  order by connection_id, item, metric`

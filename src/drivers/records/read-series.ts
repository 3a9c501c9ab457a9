import { metrics } from '@patchbay/kit'
import type { Sql } from '../../ports/database.ts'
import type { SeriesQuery, StoredObservation } from '../../ports/records.ts'
import { type ObservationColumns, observationColumns, toObservation } from './observation-columns.ts'

export async function readSeries(sql: Sql, environmentId: string, query: SeriesQuery): Promise<StoredObservation[]> {
  const { from, to, item, latest, limit } = query
  // What is named twice would be looked up twice.
  const connections = [...new Set(query.connections)]
  const wanted = query.metrics.length > 0 ? [...new Set(query.metrics)] : vocabulary
  const values = [environmentId, connections, wanted, from ?? null, to ?? null, item ?? '', limit]
  const [text, name] = latest
    ? item === '*'
      ? [selectLatestOfAll, 'records.latest_of_all']
      : [selectLatest, 'records.latest']
    : [selectSeries, 'records.series']
  return (await sql<ObservationColumns>(text, values, name)).rows.map(toObservation)
}

/** Named one by one, each is a look into the index; left open, every row of every item would be read. */
const vocabulary = Object.keys(metrics)

const seriesWhere = `
  environment_id = $1 and connection_id = any ($2) and metric = any ($3)
  and day >= coalesce($4::date, '-infinity') and day <= coalesce($5::date, 'infinity')
  and ($6 = '*' and item <> '' or item = $6)`

const selectSeries = `
  select ${observationColumns} from observation where ${seriesWhere}
  order by connection_id, metric, item, dimensions, day limit $7`

const selectLatestOfAll = `
  select distinct on (connection_id, metric, item, dimensions) ${observationColumns} from observation where ${seriesWhere}
  order by connection_id, metric, item, dimensions, day desc limit $7`

/**
 * The newest day of a series without dimensions is one look into the index, instead of reading all of its days; of 20 accounts that takes 20 ms
 * and not 70. Series with dimensions are few, and read as above.
 */
const selectLatest = `
  select ${observationColumns} from (
    select newest.* from unnest($2::text[]) as c (id) cross join unnest($3::text[]) as m (metric)
    cross join lateral (
      select o.* from observation o
      where o.environment_id = $1 and o.connection_id = c.id and o.metric = m.metric and o.item = $6 and o.dimensions = ''
        and o.day >= coalesce($4::date, '-infinity') and o.day <= coalesce($5::date, 'infinity')
      order by o.day desc limit 1) as newest
    union all
    (select distinct on (o.connection_id, o.metric, o.dimensions) o.* from observation o
    where o.environment_id = $1 and o.connection_id = any ($2) and o.metric = any ($3) and o.item = $6 and o.dimensions > ''
      and o.day >= coalesce($4::date, '-infinity') and o.day <= coalesce($5::date, 'infinity')
    order by o.connection_id, o.metric, o.dimensions, o.day desc)
  ) as latest
  order by connection_id, metric, item, dimensions limit $7`

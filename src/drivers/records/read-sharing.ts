import type { Sql } from '../../ports/database.ts'
import type { Records, SharedIsrcs } from '../../ports/records.ts'

export async function readSharing(
  sql: Sql,
  environmentId: string,
  { isrcs, limit }: Parameters<Records['sharing']>[1],
): Promise<SharedIsrcs[]> {
  if (isrcs.length === 0) return []
  const { rows } = await sql<SharedIsrcs & Record<string, unknown>>(
    selectSharing,
    [environmentId, isrcs, limit],
    'records.sharing',
  )
  return rows
}

export async function readIsrcs(sql: Sql, values: unknown[]): Promise<string[]> {
  const text =
    'select distinct isrc from item_isrc where environment_id = $1 and connection_id = $2 order by isrc limit $3'
  return (await sql<{ isrc: string }>(text, values, 'records.isrcs_of')).rows.map(({ isrc }) => isrc)
}

const selectSharing = `
  select connection_id as "connectionId", shared::integer, (
    select count(distinct a.isrc)::integer from item_isrc a
    where a.environment_id = $1 and a.connection_id = found.connection_id) as "all"
  from (
    select connection_id, count(distinct isrc) as shared from item_isrc
    where environment_id = $1 and isrc = any ($2) group by connection_id
    order by shared desc, connection_id limit $3) as found
  order by shared desc, connection_id`

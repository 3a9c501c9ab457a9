import type { Sql } from '../../ports/database.ts'

/** Where what was read of a connection is kept, and last what is worked out from it. A test compares the list with the tables that have such a column. */
export const tablesOfConnection = [
  'observation',
  'observation_revision',
  'item',
  'account_facts',
  'audience',
  'refused_row',
  'place',
  'item_isrc',
] as const

export async function eraseConnection(sql: Sql, environmentId: string, connectionId: string): Promise<number> {
  let rows = 0
  for (const table of tablesOfConnection) {
    const text = `delete from ${table} where environment_id = $1 and connection_id = $2`
    const { count } = await sql(text, [environmentId, connectionId], `records.erase_${table}`)
    if (table !== 'item_isrc') rows += count
  }
  return rows
}

import type { Database } from '../../ports/database.ts'

/** What one transaction deletes: done in a moment, so that it holds up neither whoever writes there nor what cleans up behind it. */
const atOnce = 1_000

/**
 * Deletes all rows of a connection, a thousand a transaction. An account of years has millions, and one statement for all of them would not be done when
 * its time is over, today and whenever it is tried again. Broken off in between, it goes on where it was. `keys` with the connection are the primary key.
 */
export async function deleteInPieces(
  database: Database,
  environmentId: string,
  connectionId: string,
  { table, keys }: { table: string; keys: readonly string[] },
): Promise<number> {
  const columns = keys.join(', ')
  const text = `
    delete from ${table} using (
      select ${columns} from ${table} where environment_id = $1 and connection_id = $2 order by ${columns} limit ${atOnce}) front
    where environment_id = $1 and connection_id = $2 and ${keys.map((key) => `${table}.${key} = front.${key}`).join(' and ')}`
  let rows = 0
  for (;;) {
    const { count } = await database.tenant(environmentId, (sql) =>
      sql(text, [environmentId, connectionId], `delete_in_pieces.${table}`),
    )
    rows += count
    if (count < atOnce) return rows
  }
}

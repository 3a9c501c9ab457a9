import type { Database } from '../../ports/database.ts'

/** What one transaction deletes: done in a moment, so that it holds up neither whoever writes there nor what cleans up behind it. */
export const atOnce = 1_000

/**
 * Deletes in transactions of their own until one finds less than the `most` that it may. What gathered for years is millions, and one statement for all of them
 * would not be done when its time is over, today and whenever it is tried again. Broken off in between, it goes on where it was.
 */
export async function inPieces(deleteSome: () => Promise<{ readonly count: number }>, most = atOnce): Promise<number> {
  let rows = 0
  for (;;) {
    const { count } = await deleteSome()
    rows += count
    if (count < most) return rows
  }
}

/** Deletes all rows of a connection, or of whatever else `owner` names. `keys` with it are the primary key. */
export async function deleteInPieces(
  database: Database,
  environmentId: string,
  ownerId: string,
  { table, owner = 'connection_id', keys }: { table: string; owner?: string; keys: readonly string[] },
): Promise<number> {
  const columns = keys.join(', ')
  const text = `
    delete from ${table} using (
      select ${columns} from ${table} where environment_id = $1 and ${owner} = $2 order by ${columns} limit ${atOnce}) front
    where environment_id = $1 and ${owner} = $2 and ${keys.map((key) => `${table}.${key} = front.${key}`).join(' and ')}`
  return inPieces(() =>
    database.tenant(environmentId, (sql) => sql(text, [environmentId, ownerId], `delete_in_pieces.${table}`)),
  )
}

import type { Database } from '../../ports/database.ts'
import { deleteInPieces } from '../database/delete-in-pieces.ts'

/** Where what was read of a connection is kept, and by what its rows are told apart there. A test compares the list with the tables that have such a column. */
const keysOf = {
  observation: ['metric', 'item', 'dimensions', 'day'],
  observation_revision: ['metric', 'item', 'dimensions', 'day', 'revision'],
  item: ['id'],
  audience: ['population', 'dimensions', 'period_end'],
  refused_row: ['stream', 'what'],
  place: ['stream'],
} as const

export const tablesOfConnection = Object.keys(keysOf)

export async function eraseConnection(
  database: Database,
  environmentId: string,
  connectionId: string,
): Promise<number> {
  let rows = 0
  for (const [table, keys] of Object.entries(keysOf))
    rows += await deleteInPieces(database, environmentId, connectionId, { table, keys })
  return rows
}

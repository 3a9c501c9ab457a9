import type { Database } from '../../ports/database.ts'
import { deleteInPieces } from '../database/delete-in-pieces.ts'

/**
 * Where what was read of a connection is kept, last what is worked out from it, and by what its rows are told apart there. A test compares the list with the
 * tables that have such a column.
 */
const keysOf = {
  observation: ['metric', 'item', 'dimensions', 'day'],
  observation_revision: ['metric', 'item', 'dimensions', 'day', 'revision'],
  item: ['id'],
  account_facts: ['stream'],
  audience: ['population', 'dimensions', 'period_end'],
  refused_row: ['stream', 'what'],
  place: ['stream'],
  item_isrc: ['item', 'isrc'],
} as const

export const tablesOfConnection = Object.keys(keysOf)

export async function eraseConnection(
  database: Database,
  environmentId: string,
  connectionId: string,
): Promise<number> {
  let rows = 0
  for (const [table, keys] of Object.entries(keysOf)) {
    const deleted = await deleteInPieces(database, environmentId, connectionId, { table, keys })
    if (table !== 'item_isrc') rows += deleted
  }
  return rows
}

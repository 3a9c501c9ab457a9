import type { Database } from '../../ports/database.ts'

/**
 * A name for this database that no other has: of its cluster, and of it in there. Installations that share a Redis keep apart by it, since a loan means
 * something only together with the record that it was taken from.
 */
export async function installationOf(database: Database): Promise<string> {
  const [row] = await database.read<{ name: string }>(
    null,
    `select system_identifier::text || '.' || oid::text as name
       from pg_control_system(), pg_database
      where datname = current_database()`,
  )
  return row!.name
}

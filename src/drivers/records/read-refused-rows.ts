import type { Sql } from '../../ports/database.ts'
import type { Records, RefusedRow } from '../../ports/records.ts'

export async function readRefusedRows(
  sql: Sql,
  environmentId: string,
  { connections, stream, limit }: Parameters<Records['refusedRows']>[1],
): Promise<RefusedRow[]> {
  const values = [environmentId, connections, stream ?? null, limit]
  return (await sql<RefusedRow & Record<string, unknown>>(selectRefused, values, 'records.read_refused')).rows
}

const selectRefused = `
  select connection_id as "connectionId", stream, what, why, run_id as "runId", first_at as "firstAt", at, times
  from refused_row where environment_id = $1 and connection_id = any ($2) and ($3::text is null or stream = $3)
  order by at desc, connection_id, stream, what limit $4`

import type { AccountFacts } from '@patchbay/kit'
import type { Sql } from '../../ports/database.ts'
import type { StoredFacts } from '../../ports/records.ts'

export async function readFacts(
  sql: Sql,
  environmentId: string,
  connections: readonly string[],
): Promise<StoredFacts[]> {
  const { rows } = await sql<FactsColumns>(selectFacts, [environmentId, connections], 'records.read_facts')
  return rows.map(({ facts, ...row }) => ({ ...facts, ...row }))
}

type FactsColumns = Pick<StoredFacts, 'connectionId' | 'stream' | 'seenAt'> & {
  facts: AccountFacts
} & Record<string, unknown>

const selectFacts = `
  select connection_id as "connectionId", stream, facts, seen_at as "seenAt"
  from account_facts where environment_id = $1 and connection_id = any ($2) order by connection_id, stream`

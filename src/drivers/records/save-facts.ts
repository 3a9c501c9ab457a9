import type { Instant } from '../../ports/clock.ts'
import type { Sql } from '../../ports/database.ts'
import type { SavedPage } from '../../ports/records.ts'
import { arrayLiteral } from './array-literal.ts'
import { toFacts } from './facts-rows.ts'

/** Writes what changed, or was not said for a day. An older reading does not overwrite a newer one. */
export async function saveFacts(
  sql: Sql,
  environmentId: string,
  pages: readonly SavedPage[],
  at: Instant,
): Promise<void> {
  const rows = toFacts(pages)
  if (rows.length === 0) return
  const columns = [
    rows.map(({ connectionId }) => connectionId),
    rows.map(({ stream }) => stream),
    rows.map(({ facts }) => JSON.stringify(facts)),
  ]
  await sql(upsertFacts, [environmentId, new Date(at), ...columns.map(arrayLiteral)], 'records.facts')
}

const upsertFacts = `
  insert into account_facts as f (environment_id, seen_at, connection_id, stream, facts)
  select $1, $2::timestamptz, incoming.* from unnest($3::text[], $4::text[], $5::jsonb[]) as incoming (connection_id, stream, facts)
  order by connection_id, stream
  on conflict (environment_id, connection_id, stream) do update set seen_at = excluded.seen_at, facts = excluded.facts
  where f.seen_at <= excluded.seen_at and (f.facts <> excluded.facts or f.seen_at <= excluded.seen_at - interval '1 day')`

import type { History, LedgerEntry } from './history.ts'
import { query, type SandboxProcess } from './test-processes.ts'
import type { Connection } from './work.ts'

export interface Recorder {
  /** Takes down what arrived at the platforms since the last time. Their ledger forgets, so this is done now and then. */
  collect(): Promise<void>
  /** Everything, with what the database says by now. */
  read(databaseUrl: string, connections: readonly Connection[]): Promise<History>
}

export function openRecorder(sandbox: SandboxProcess): Recorder {
  const entries: LedgerEntry[] = []
  let violations: History['violations'] = []
  let last = 0
  return { collect, read }

  async function collect(): Promise<void> {
    const ledger = await sandbox.get<Ledger>('ledger?limit=10000')
    // What was still under way the last time has its answer by now.
    const known = new Map(ledger.recent.map((entry) => [entry.number, entry]))
    for (const [i, { number }] of entries.entries()) entries[i] = known.get(number) ?? entries[i]!
    const fresh = ledger.recent.filter(({ number }) => number > last).toReversed()
    if (fresh.length > 0 && fresh[0]!.number !== last + 1)
      throw new Error(`the ledger forgot the requests from ${last + 1} to ${fresh[0]!.number}`)
    entries.push(...fresh)
    last = fresh.at(-1)?.number ?? last
    violations = ledger.violations
  }

  async function read(databaseUrl: string, connections: readonly Connection[]): Promise<History> {
    await collect()
    const [row] = await query<{ found: Omit<History, 'entries' | 'violations' | 'connections'> & Grants }>(
      databaseUrl,
      selectHistory,
    )
    const { grantOf, ...found } = row!.found
    return {
      ...found,
      entries,
      violations,
      connections: connections.map(({ id, provider, profile }) => ({
        ...{ id, provider, artist: profile },
        grant: grantOf[id]!,
      })),
    }
  }
}

interface Ledger {
  readonly violations: History['violations']
  /** Newest first. */
  readonly recent: readonly LedgerEntry[]
}

interface Grants {
  readonly grantOf: Readonly<Record<string, string>>
}

/** In one statement, so that all of it is of one moment. */
const selectHistory = `
select jsonb_build_object(
  'grantOf', (select jsonb_object_agg(id, grant_id) from connection where environment_id = 'env_test'),
  'refreshed', (select coalesce(jsonb_agg(jsonb_build_object(
      'grant', data->>'grant', 'generation', (data->>'generation')::int, 'at', extract(epoch from at) * 1000) order by sequence), '[]')
    from event where environment_id = 'env_test' and type = 'grant.refreshed'),
  'grants', (select coalesce(jsonb_agg(jsonb_build_object(
      'id', id, 'generation', generation, 'leased', lease_until is not null and lease_until > now())), '[]')
    from account_grant where environment_id = 'env_test'),
  'transitions', (select coalesce(jsonb_agg(jsonb_build_object(
      'connection', connection_id, 'from', from_state, 'to', to_state, 'reason', reason, 'at', extract(epoch from at) * 1000) order by sequence), '[]')
    from transition where environment_id = 'env_test'),
  'runs', (select coalesce(jsonb_agg(jsonb_build_object(
      'id', id, 'stream', stream, 'connections', connection_ids, 'state', state,
      'startedAt', extract(epoch from started_at) * 1000, 'endedAt', extract(epoch from ended_at) * 1000)), '[]')
    from run where environment_id = 'env_test'),
  'events', (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'type', type) order by sequence), '[]') from event where environment_id = 'env_test'),
  'claimed', (select count(*) from schedule where claim is not null),
  'tasks', (select coalesce(jsonb_agg(jsonb_build_object('connection', connection_id, 'kind', kind)), '[]') from task where environment_id = 'env_test')
) as found`

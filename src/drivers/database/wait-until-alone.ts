import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/**
 * Whether nobody else is connected to the database. The sessions of a process that was killed end by themselves, when their last statement does, and are
 * waited for: what they still commit is committed before this answers.
 */
export async function waitUntilAlone({
  connection,
  patienceMs = 2_000,
}: {
  connection: string
  patienceMs?: number
}): Promise<boolean> {
  const client = new pg.Client({ connectionString: connection, application_name: 'patchbay start' })
  client.on('error', () => {})
  await client.connect()
  try {
    const startedAt = performance.now()
    for (;;) {
      const { rows } = await client.query<{ others: number }>(countOthers)
      if (rows[0]!.others === 0) return true
      if (performance.now() - startedAt > patienceMs) return false
      await sleep(20)
    }
  } finally {
    await client.end()
  }
}

const countOthers = `
  select count(*)::int as others from pg_stat_activity
  where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`

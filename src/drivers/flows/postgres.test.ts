import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flowsContract } from '../../ports/flows.contract.ts'
import { atOnce } from '../database/delete-in-pieces.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresFlows } from './postgres.ts'

flowsContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { flows: openPostgresFlows(database), close: drop }
})

test('what gathered while nobody swept is forgotten a thousand at a time', async () => {
  const { database, drop } = await openTestDatabase()
  try {
    await database.system((sql) =>
      sql(
        `insert into flow (environment_id, state_hash, session_id, integration_id, browser_hash, verifier, redirect_uri, scopes, inputs, expires_at)
         select 'env', nth, 's', 'i', 'b', 'v', 'r', '{}', '{}', to_timestamp(nth) from generate_series(1, $1::integer) nth`,
        [2 * atOnce + 2],
      ),
    )
    const counts: number[] = []
    const counted: typeof database = {
      ...database,
      system: (work) =>
        database.system((sql) =>
          work(async (...statement) => {
            const answer = await sql(...statement)
            counts.push(answer.count)
            return answer as never
          }),
        ),
    }
    assert.equal(await openPostgresFlows(counted).sweep((2 * atOnce + 2) * 1000), 2 * atOnce + 1)
    assert.deepEqual(counts, [atOnce, atOnce, 1, 0])
  } finally {
    await drop()
  }
})

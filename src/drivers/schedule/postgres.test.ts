import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scheduleContract } from '../../ports/schedule.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { claimDue } from './claim-slots.ts'
import { openPostgresSchedule } from './postgres.ts'

scheduleContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { schedule: openPostgresSchedule(database), close: drop }
})

for (const mode of ['force_custom_plan', 'force_generic_plan'])
  test(`a claim never reads the whole schedule, with statistics of it and ${mode}`, async () => {
    const { database, drop } = await openTestDatabase()
    try {
      await database.system(async (sql) => {
        await sql(fill, [100_000])
        // Only who owns the table may.
        await sql('reset role')
        await sql('analyze schedule')
      })
      const plan = await database.system(async (sql) => {
        await sql(`set local plan_cache_mode = ${mode}`)
        const values = [new Date(50_000_000), new Date(50_060_000), 'clm_1', 100, 4]
        const { rows } = await sql<{ 'QUERY PLAN': string }>(`explain ${claimDue}`, values)
        return rows.map((row) => row['QUERY PLAN']).join('\n')
      })
      assert.match(plan, /Index Scan using schedule_due/)
      assert.doesNotMatch(plan, /Seq Scan/)
    } finally {
      await drop()
    }
  })

/** As many slots of one lane, due one a second. */
const fill = `
  insert into schedule (environment_id, connection_id, stream, provider, integration_id, every_ms, due_at, ready_at, lane, failures)
  select 'env_1', 'con_' || n, 'numbers', 'acme', 'int_1', 86400000, to_timestamp(n), to_timestamp(n), 2, 0
  from generate_series(1, $1::integer) n`

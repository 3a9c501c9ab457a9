import assert from 'node:assert/strict'
import { test } from 'node:test'
import { observed, pageOf, recordsContract } from '../../ports/records.contract.ts'
import { readTraces } from '../along/test-traces.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresRecords } from './postgres.ts'

recordsContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return {
    records: openPostgresRecords(database),
    traces: (environmentId) => readTraces(database, environmentId),
    close: drop,
  }
})

test('an unchanged row is not written again', async () => {
  const { database, drop } = await openTestDatabase()
  const records = openPostgresRecords(database)
  const versions = () =>
    database.tenant('env_1', async (sql) => (await sql('select ctid::text from observation order by item')).rows)
  const page = pageOf({ observations: ['a', 'b', 'c'].map((item) => observed(1, { item })) })
  await records.save('env_1', [page], { at: 1000, actor: 'system' })
  const before = await versions()
  await records.save('env_1', [page], { at: 2000, actor: 'system' })
  assert.deepEqual(await versions(), before)
  await drop()
})

test('of writers at the same time none is lost from the history (I32)', async () => {
  const { database, drop } = await openTestDatabase()
  const records = openPostgresRecords(database)
  const values = Array.from({ length: 20 }, (_, i) => i)
  const answers = await Promise.all(
    values.map((value) =>
      records.save('env_1', [pageOf({ observations: [observed(value)], cursor: value })], {
        at: 1000,
        actor: 'system',
      }),
    ),
  )
  const series = { connections: ['con_1'], metrics: ['audience.followers'], limit: 1 }
  const [now] = await records.series('env_1', series)
  const every = await records.history('env_1', now!, { limit: 100 })
  assert.equal(every[0]!.value, now!.value)
  assert.deepEqual(
    every.map(({ value }) => value!).sort((one, other) => one - other),
    values,
  )
  assert.equal(
    answers.reduce((sum, { restated }) => sum + restated, 0),
    19,
  )
  await drop()
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { exampleChannel, noticesContract } from '../../ports/notices.contract.ts'
import { atOnce } from '../database/delete-in-pieces.ts'
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts'
import { openPostgresJournal } from '../journal/postgres.ts'
import { openPostgresNotices } from './postgres.ts'

noticesContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { notices: openPostgresNotices(database), journal: openPostgresJournal(database), close: drop }
})

suite('what gathered over years goes a thousand rows at a time', () => {
  const quiet = { at: 0, actor: 'system' } as const
  const many = atOnce + 1

  /** A channel of which so many notices are there, each of a task that was closed at once. */
  const withMany = async (work: (world: TestDatabase & { rows(): Promise<number> }) => Promise<void>) => {
    const world = await openTestDatabase()
    const { database } = world
    try {
      await openPostgresNotices(database).saveChannel(exampleChannel('env'), quiet)
      await database.tenant('env', async (sql) => {
        await sql(
          `insert into task (environment_id, id, kind, title, description, category, priority, impact, opened_at, closed_at)
           select 'env', nth, 'kind', 't', 'd', 'c', 'p', 0, to_timestamp(0), to_timestamp(0) from generate_series(1, $1::integer) nth`,
          [many],
        )
        await sql(
          `insert into notice (environment_id, task_id, channel_id, state, attempts, next_at, made_at)
           select 'env', nth, 'chn_1', 'waiting', 0, to_timestamp(0), to_timestamp(0) from generate_series(1, $1::integer) nth`,
          [many],
        )
      })
      const count = 'select count(*)::integer as count from notice'
      await work({ ...world, rows: async () => (await database.read<{ count: number }>('env', count))[0]!.count })
    } finally {
      await world.drop()
    }
  }

  test('of tasks that were done long ago', () =>
    withMany(async ({ database, rows }) => {
      assert.equal(await openPostgresNotices(database).sweep('env', 1), many)
      assert.equal(await rows(), 0)
    }))

  test('of a channel that is removed; where that breaks off it is told nothing more, and can be removed again', () =>
    withMany(async ({ database, rows }) => {
      let left = 2
      const dying: typeof database = {
        ...database,
        tenant: (...args) => (left-- > 0 ? database.tenant(...args) : Promise.reject(new Error('killed'))),
      }
      await assert.rejects(openPostgresNotices(dying).removeChannel('env', 'chn_1', quiet), /killed/)
      const notices = openPostgresNotices(database)
      assert.deepEqual([await rows(), (await notices.channel('env', 'chn_1'))?.enabled], [1, false])
      assert.equal(await notices.removeChannel('env', 'chn_1', quiet), true)
      assert.deepEqual([await rows(), await notices.channel('env', 'chn_1')], [0, null])
    }))
})

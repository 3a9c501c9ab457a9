import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jobsContract } from '../../ports/jobs.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openCapturedLog } from '../log/captured.ts'
import { silentLog } from '../log/silent.ts'
import { openPgBoss } from './pg-boss.ts'

jobsContract('pg-boss', async () => {
  const database = await openTestDatabase()
  const jobs = openPgBoss({ connection: database.url, log: silentLog, pollSeconds: 0.5 })
  return {
    jobs,
    // A server with its own clock: there is no other way than to wait.
    async pass(ms, until) {
      for (const end = Date.now() + ms; !until() && Date.now() < end; )
        await new Promise((resolve) => setTimeout(resolve, 50))
    },
    close: async () => {
      await jobs.stop(1000)
      await database.drop()
    },
  }
})

test('what a stop leaves behind is named', async () => {
  const database = await openTestDatabase()
  const log = openCapturedLog()
  const jobs = openPgBoss({ connection: database.url, log, pollSeconds: 0.5 })
  await jobs.start()
  const [slow, quick, end] = [0, 1, 2].map(() => Promise.withResolvers<void>()) as [Gate, Gate, Gate]
  await jobs.work('slow', { concurrency: 1, retries: 0 }, async () => {
    slow.resolve()
    await end.promise
  })
  await jobs.work('quick', { concurrency: 1, retries: 0 }, async () => quick.resolve())
  await jobs.send('slow', {})
  await jobs.send('quick', {})
  await Promise.all([slow.promise, quick.promise])
  await jobs.stop(1000)
  end.resolve()
  const said = log.lines.filter(({ event }) => event === 'jobs.left')
  assert.deepEqual(said, [{ level: 'warn', event: 'jobs.left', fields: { queues: ['slow'], timeoutMs: 1000 } }])
  await database.drop()
})

type Gate = PromiseWithResolvers<void>

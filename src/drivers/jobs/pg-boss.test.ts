import { jobsContract } from '../../ports/jobs.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
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

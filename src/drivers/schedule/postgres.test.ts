import { scheduleContract } from '../../ports/schedule.contract.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openPostgresSchedule } from './postgres.ts'

scheduleContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { schedule: openPostgresSchedule(database), close: drop }
})

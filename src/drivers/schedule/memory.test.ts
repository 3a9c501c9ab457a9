import { scheduleContract } from '../../ports/schedule.contract.ts'
import { openMemorySchedule } from './memory.ts'

scheduleContract('in memory', async () => ({ schedule: openMemorySchedule(), close: async () => {} }))

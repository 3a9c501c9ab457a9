import { limiterContract } from '../../ports/limiter.contract.ts'
import { openMemoryLimiter } from './memory.ts'

limiterContract('memory', async () => ({ limiter: openMemoryLimiter(), close: async () => {} }))

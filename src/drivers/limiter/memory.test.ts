import { limiterContract, renewingContract } from '../../ports/limiter.contract.ts'
import { openMemoryLimiter } from './memory.ts'

const open = async () => ({ limiter: openMemoryLimiter(), close: async () => {} })

limiterContract('memory', open)
renewingContract('memory', open)

import type { Draw } from '../../ports/limiter.ts'
import type { Lane } from '../../ports/schedule.ts'

/** What a draw may fill its bucket up to. The same for every driver, so that they decide alike. */
export function ceilingOf(draw: Draw, lane: Lane): number {
  if (draw.amount > draw.limit)
    throw new RangeError(`${draw.bucket} never holds ${draw.amount}: its limit is ${draw.limit}`)
  // A limit of one has no tenth to spare, and a costly call in an empty bucket would otherwise never run.
  return lane === 'interactive' ? draw.limit : Math.max(draw.limit - draw.limit / 10, draw.amount)
}

/** How long to wait before asking again when only running calls are in the way: nobody knows when they end. */
export const concurrentWaitMs = 100

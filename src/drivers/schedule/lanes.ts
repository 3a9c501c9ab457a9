import type { Lane } from '../../ports/schedule.ts'

/** In the order of their claim to attention; the place in this list is what is stored. */
export const lanes = ['interactive', 'webhook', 'scheduled', 'backfill'] as const satisfies readonly Lane[]

export const laneNumber = (lane: Lane): number => lanes.indexOf(lane)

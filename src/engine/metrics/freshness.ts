import type { Slot } from '../../ports/schedule.ts'

export type Badge = 'fresh' | 'aging' | 'stale' | 'unknown'

export interface Freshness {
  /** When the slowest of these streams was last read without a failure; null when one never was. */
  readonly syncedAt: number | null
  readonly badge: Badge
}

/**
 * Fresh within one interval (and a fifth of it, for the planner's spread), aging within two, stale beyond, unknown before the first reading. Several streams
 * show the worst of them: a mixed view is as old as its oldest part. Blocked streams are left out, since their reason is shown in their own place; where
 * all are blocked, their numbers are as old as they are all the same.
 */
export function freshnessOf(slots: readonly Slot[], now: number): Freshness {
  const going = slots.filter(({ blocked }) => blocked === null)
  const counted = going.length > 0 ? going : slots.filter(({ syncedAt }) => syncedAt !== null)
  if (counted.length === 0) return { syncedAt: null, badge: 'unknown' }
  const badges = counted.map((slot) => badgeOf(slot, now))
  const reads = counted.map(({ syncedAt }) => syncedAt)
  return {
    syncedAt: reads.some((at) => at === null) ? null : Math.min(...(reads as number[])),
    badge: (['unknown', 'stale', 'aging', 'fresh'] as const).find((badge) => badges.includes(badge))!,
  }
}

function badgeOf(slot: Slot, now: number): Badge {
  if (slot.syncedAt === null) return 'unknown'
  const intervals = (now - slot.syncedAt) / slot.everyMs
  return intervals <= 1.2 ? 'fresh' : intervals <= 2 ? 'aging' : 'stale'
}

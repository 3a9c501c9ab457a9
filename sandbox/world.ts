import { addDays, type Day, type World } from '@patchbay/kit'
import { makeArtists } from './artists.ts'
import { seededChance } from './chance.ts'
import { Growth } from './growth.ts'

/**
 * The one truth behind every emulator. `since` is the first day with numbers, `until` (two years later when absent) the day at which growth
 * reaches its typical amounts; numbers go on after it, more slowly, and releases for another year.
 */
export function makeWorld(options: {
  seed: string
  artists?: number
  since: Day
  until?: Day
  /** How many series keep their sums: time against memory, a few kilobytes each. */
  keptSeries?: number
}): World {
  const chance = seededChance(options.seed)
  const days = { since: options.since, until: options.until ?? addDays(options.since, 730) }
  const growth = new Growth(chance, days, options.keptSeries)
  return {
    seed: options.seed,
    since: options.since,
    artists: makeArtists(chance, options.artists ?? 220, days),
    unit: chance.unit,
    integer: chance.integer,
    text: chance.text,
    amount: (key, shape, day) => growth.amount(key, shape, day),
    total: (key, shape, day) => growth.total(key, shape, day),
  }
}

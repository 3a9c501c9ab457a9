import { zoneOffsetMs } from './time.ts'

/** No platform speaks of an instant that is farther away. */
const farthestMs = 32 * 24 * 3_600_000

/** A number that is an instant since 1970 in seconds, milliseconds or microseconds, whichever puts it anywhere near `now`. Null when none does. */
export function nearInstant(value: number, now: number): number | null {
  for (const unitMs of [1000, 1, 0.001]) if (Math.abs(value * unitMs - now) < farthestMs) return value * unitMs
  return null
}

/**
 * A text that is an instant: ISO 8601 or HTTP's form with a zone, or `2026-11-01 00:00:00` in the one that `zone` names. One that names no zone, where none
 * is given, is no instant: it would be another one on each machine.
 */
export function parseInstant(text: string, zone?: string): number | null {
  const local = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)$/.exec(text)
  if (local === null) return /(?:Z|[+-]\d{2}:?\d{2}|GMT|UTC)$/.test(text) ? known(Date.parse(text)) : null
  const at = known(Date.parse(`${local[1]}T${local[2]}Z`))
  return at === null || zone === undefined ? null : at - zoneOffsetMs(at - zoneOffsetMs(at, zone), zone)
}

const known = (instant: number): number | null => (Number.isNaN(instant) ? null : instant)

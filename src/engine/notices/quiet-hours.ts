import { addDays, dayOf, minute, zoneOffsetMs } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { QuietHours } from '../../ports/notices.ts'

/** When the quiet hours end in which that moment lies; null outside of them. Also on days of 23 and 25 hours. */
export function quietUntil({ zone, from, to }: QuietHours, now: Instant): Instant | null {
  const time = new Date(now + zoneOffsetMs(now, zone)).toISOString().slice(11, 16)
  const overnight = to < from
  const quiet = overnight ? time >= from || time < to : time >= from && time < to
  if (!quiet) return null
  const day = dayOf(now, zone)
  const end = instantOf(overnight && time >= from ? addDays(day, 1) : day, to, zone)
  // Where the clocks go forward over it, the end may be a moment that has just been.
  return Math.max(end, now + minute)
}

function instantOf(day: string, time: string, zone: string): Instant {
  const utc = Date.parse(`${day}T${time}:00Z`)
  const guess = utc - zoneOffsetMs(utc, zone)
  return utc - zoneOffsetMs(guess, zone)
}

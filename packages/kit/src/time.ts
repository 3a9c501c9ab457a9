/** A calendar day as `2026-11-22`, in a zone that the context names. */
export type Day = string

/** `15m`, `6h`, `30d`: whole minutes, hours or days. */
export type Duration = `${number}${'s' | 'm' | 'h' | 'd'}`

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

export const second = unitMs.s
export const minute = unitMs.m
export const hour = unitMs.h
/** 24 hours. A calendar day in a zone may have 23 or 25: use `dayOf` and `startOfDay` for those. */
export const dayMs = unitMs.d

/** `parseDuration('15m')` is 900000 milliseconds. */
export function parseDuration(duration: Duration): number {
  const unit = duration.at(-1) as keyof typeof unitMs
  const amount = Number(duration.slice(0, -1))
  if (!Number.isFinite(amount) || !(unit in unitMs)) throw new TypeError(`not a duration: ${duration}`)
  return amount * unitMs[unit]
}

const formats = new Map<string, Intl.DateTimeFormat>()

function zoned(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    formats.set(zone, format)
  }
  return format
}

/** Whether there is such a time zone: `Europe/Berlin`. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** How far local time in `zone` is ahead of UTC at that instant, in milliseconds. */
export function zoneOffsetMs(instant: number, zone: string): number {
  if (zone === 'UTC') return 0
  // Clocks change at the beginning of a minute.
  const key = `${zone} ${Math.floor(instant / minute)}`
  const known = offsets.get(key)
  if (known !== undefined) return known
  const offset = workOutOffset(instant, zone)
  if (offsets.size >= mostOffsets) offsets.clear()
  offsets.set(key, offset)
  return offset
}

/** Asking the calendar takes a thousand times as long, and the same midnights are asked for again and again. */
const offsets = new Map<string, number>()
const mostOffsets = 10_000

function workOutOffset(instant: number, zone: string): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of zoned(zone).formatToParts(instant)) if (type !== 'literal') parts[type] = Number(value)
  const local = Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!, parts.second!)
  return local - Math.floor(instant / 1000) * 1000
}

/** The calendar day of an instant in a zone: `dayOf(now, 'America/Los_Angeles')`. */
export function dayOf(instant: number, zone = 'UTC'): Day {
  return dayText(Math.floor((instant + zoneOffsetMs(instant, zone)) / dayMs))
}

/** Days by how many they are after 1970-01-01: writing one out takes ten times as long as finding it, and a page of an answer has a thousand. */
const dayTexts = new Map<number, Day>()
const mostDayTexts = 10_000

function dayText(count: number): Day {
  const known = dayTexts.get(count)
  if (known !== undefined) return known
  const day = new Date(count * dayMs).toISOString().slice(0, 10)
  if (dayTexts.size >= mostDayTexts) dayTexts.clear()
  dayTexts.set(count, day)
  return day
}

/** The first instant of a calendar day in a zone, also on days of 23 and 25 hours. */
export function startOfDay(day: Day, zone = 'UTC'): number {
  const utc = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(utc)) throw new TypeError(`not a day: ${day}`)
  const guess = utc - zoneOffsetMs(utc, zone)
  return utc - zoneOffsetMs(guess, zone)
}

/** The day `count` days later, or earlier when negative. Pure calendar arithmetic. */
export function addDays(day: Day, count: number): Day {
  return dayText(Math.floor(Date.parse(`${day}T00:00:00Z`) / dayMs) + count)
}

/** How many days `to` is after `from`. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / dayMs)
}

import {
  calendarOf,
  dayMs,
  dayOf,
  type FaultCode,
  faults,
  hour,
  minute,
  type Quota,
  second,
  unitOfQuota,
  zoneOffsetMs,
} from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'

/** What is waited for. */
export interface Wait {
  readonly code: FaultCode
  /** Undefined where nobody knows which of several it is. */
  readonly quota: Quota | undefined
  readonly until: Instant
}

/**
 * `Waits until 00:00 America/Los_Angeles because the quota “general” has no room left today: 10,000 units a day.` In the zone whose calendar the
 * platform counts by, since the wait ends when its day does.
 */
export function sayWait({ code, quota, until }: Wait, now: Instant): string {
  const at = timeIn(zoneOf(quota), until, now)
  if (!quota) {
    const { says } = faults[code]
    return `Waits until ${at}: ${says[0]!.toLowerCase()}${says.slice(1)}`
  }
  const name = `the quota “${quota.id}”`
  const calendar = calendarOf(quota)
  const today = calendar === null ? '' : calendar.span === 'day' ? ' today' : ' this month'
  if (quota.currency !== undefined)
    return `Waits until ${at} because the budget “${quota.id}” is spent${today}: ${sayLimit(quota)}. A larger one ends the wait.`
  const because =
    code === 'provider.exhausted'
      ? `the platform says that ${name} is used up${today}`
      : `${name} has no room left${today}`
  return `Waits until ${at} because ${because}: ${sayLimit(quota)}.`
}

/** `10,000 units a day`, `60 calls in 30 seconds`, `5 calls at once`. */
export function sayLimit(quota: Quota): string {
  const { limit, window } = quota
  const amount = `${limit.toLocaleString('en-US')} ${unitOfQuota(quota)}`
  if ('concurrent' in window) return `${amount} at once`
  return 'rollingMs' in window
    ? `${amount} in ${sayLength(window.rollingMs)}`
    : `${amount} a ${calendarOf(quota)!.span}`
}

/** In its greatest whole unit: `30 seconds`, `24 hours`. */
export function sayLength(ms: number): string {
  const [name, unitMs] = units.find(([, unitMs]) => ms >= unitMs && ms % unitMs === 0) ?? ['millisecond', 1]
  const count = ms / unitMs
  return `${count.toLocaleString('en-US')} ${name}${count === 1 ? '' : 's'}`
}

const units: readonly (readonly [string, number])[] = [
  ['day', dayMs],
  ['hour', hour],
  ['minute', minute],
  ['second', second],
]

/** The zone in which a quota's times are told. */
export const zoneOf = (quota: Quota | undefined): string => (quota && calendarOf(quota)?.zone) ?? 'UTC'

/** `09:00 America/Los_Angeles`, with the day when it is another one. */
export function timeIn(zone: string, at: Instant, now: Instant): string {
  const local = new Date(at + zoneOffsetMs(at, zone)).toISOString()
  const day = dayOf(at, zone)
  return `${day === dayOf(now, zone) ? '' : `${day} `}${local.slice(11, 16)} ${zone}`
}

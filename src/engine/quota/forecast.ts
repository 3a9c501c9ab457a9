import { calendarOf, type Quota, unitOfQuota } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { SlotCount } from '../../ports/schedule.ts'
import { readingsApartMs } from '../sync/cadence.ts'
import { windowAt } from './draws.ts'
import type { CostBasis, ReadingCost } from './reading-costs.ts'
import { sayLimit, timeIn, zoneOf } from './say-wait.ts'

/** Where one bucket stands, and what is known of the readings that will draw from it. */
export interface Bucket {
  readonly quota: Quota
  readonly used: number
  readonly parkedUntil: Instant | null
}

/** One kind of reading: what each takes, and how they lie ahead. `share` is how much of them concerns this bucket. */
export interface Load {
  readonly cost: ReadingCost
  readonly counts: readonly SlotCount[]
  readonly share: number
}

/** The steps by which the load was counted. */
export interface Steps {
  readonly stepMs: number
  readonly steps: number
}

export interface Forecast {
  /** What readings in the background may fill: the last tenth is left to people. */
  readonly usable: number
  /** When the calendar's window ends, or one rolling window from now. Null where nothing resets: what runs at once. */
  readonly resetsAt: Instant | null
  /** How long the window is. */
  readonly windowMs: number | null
  /** What the schedule would draw until then if nothing stopped it. */
  readonly expected: number
  readonly readings: number
  /** Of the limit, with what is used. More than 1 is more than there is. */
  readonly shareAtReset: number
  /** When nothing is left of `usable`, to a step of the schedule. Null: it lasts. */
  readonly exhaustedAt: Instant | null
  /** Readings that have no room before the reset, and when the last of them has. */
  readonly held: { readonly readings: number; readonly until: Instant } | null
  /** Readings that wait for this quota now. */
  readonly waiting: { readonly readings: number; readonly from: Instant; readonly until: Instant } | null
  readonly streams: readonly {
    readonly stream: string
    readonly readings: number
    readonly perReading: number
    readonly amount: number
    readonly basis: CostBasis
    readonly runs: number
  }[]
  /** All of it in words. */
  readonly says: string
}

/** How finely the time until a reset is looked at. A day by the quarter of an hour; what is shorter than a minute as one. */
export function stepsUntil(now: Instant, until: Instant): Steps {
  const steps = Math.min(100, Math.max(1, Math.floor((until - now) / 60_000)))
  return { steps, stepMs: (until - now) / steps }
}

/** Until when a quota is looked ahead. Null for what runs at once. */
export function resetOf(quota: Quota, now: Instant): Instant | null {
  const window = windowAt(quota, now)
  if ('concurrent' in window) return null
  return 'rollingMs' in window ? now + window.rollingMs : window.endsAt
}

/**
 * What will become of one bucket if the schedule goes on as it is: each slot is read when it is due, and again after its interval. Of a rolling window all
 * that is used now is taken to be there until its end, so the forecast errs to the cautious side.
 */
export function forecast(bucket: Bucket, loads: readonly Load[], steps: Steps, now: Instant): Forecast {
  const { quota, used } = bucket
  const resetsAt = resetOf(quota, now)
  const usable = quota.limit - quota.limit / 10
  const waiting = waitingFor(quota, loads)
  if (resetsAt === null) {
    const says = [`At most ${sayLimit(quota)}; ${used} run now.`, ...sayStanding(bucket, waiting, now)].join(' ')
    const nothing = { expected: 0, readings: 0, exhaustedAt: null, held: null, streams: [] }
    return { ...nothing, usable, resetsAt, windowMs: null, shareAtReset: shareOf(used, quota.limit), waiting, says }
  }
  const draws = drawsUntil(quota.id, loads, steps, now, resetsAt)
  // Before a stop is over nothing is drawn, and in a window that is over first nothing at all.
  const stoppedUntil = bucket.parkedUntil ?? now
  const { expected, exhaustedAt, heldBack } = spend(draws, used, stoppedUntil < resetsAt ? usable : used)
  const window = windowAt(quota, now)
  const windowMs = 'startsAt' in window ? window.endsAt - window.startsAt : resetsAt - now
  // As many windows as the rest needs: one that has no room in the next either waits for the one after.
  const windows = Math.max(1, Math.ceil(heldBack.amount / Math.max(usable, Number.MIN_VALUE)))
  const held =
    heldBack.readings > 0
      ? { readings: heldBack.readings, until: Math.max(stoppedUntil, resetsAt + (windows - 1) * windowMs) }
      : null
  const streams = streamsOf(quota.id, draws)
  const shareAtReset = shareOf(used + expected, quota.limit)
  const facts = { usable, resetsAt, windowMs, expected, shareAtReset, exhaustedAt, held, waiting, streams }
  const readings = streams.reduce((sum, stream) => sum + stream.readings, 0)
  return { ...facts, readings, says: sayForecast(bucket, { ...facts, readings }, now) }
}

/** So many readings at one time. */
interface Draw {
  readonly at: Instant
  readonly readings: number
  readonly amount: number
  readonly cost: ReadingCost
}

function drawsUntil(
  quota: string,
  loads: readonly Load[],
  { stepMs, steps }: Steps,
  now: Instant,
  until: Instant,
): Draw[] {
  const draws: Draw[] = []
  for (const { cost, counts, share } of loads) {
    const each = cost.takes[quota] ?? 0
    if (each <= 0) continue
    for (const { step, slots, everyMs } of counts) {
      const apartMs = Math.max(readingsApartMs(everyMs), stepMs)
      // What is due after the reset is no matter of this window.
      for (let at = now + step * stepMs; step < steps && at < until; at += apartMs)
        draws.push({ at, readings: slots * share, amount: slots * share * each, cost })
    }
  }
  return draws.sort((one, other) => one.at - other.at)
}

function spend(draws: readonly Draw[], used: number, usable: number) {
  let [expected, sum] = [0, used]
  let exhaustedAt: Instant | null = null
  const heldBack = { readings: 0, amount: 0 }
  for (const { at, readings, amount } of draws) {
    expected += amount
    const over = Math.min(amount, sum + amount - usable)
    sum += amount
    if (over <= 1e-9 * amount) continue
    exhaustedAt ??= at
    heldBack.amount += over
    heldBack.readings += readings * (over / amount)
  }
  return { expected, exhaustedAt, heldBack: { ...heldBack, readings: Math.ceil(heldBack.readings - 1e-9) } }
}

const streamsOf = (quota: string, draws: readonly Draw[]): Forecast['streams'] =>
  [...Map.groupBy(draws, ({ cost }) => cost)].map(([{ stream, takes, basis, runs }, own]) => ({
    ...{ stream, basis, runs, perReading: takes[quota] ?? 0 },
    readings: Math.round(own.reduce((sum, { readings }) => sum + readings, 0)),
    amount: own.reduce((sum, { amount }) => sum + amount, 0),
  }))

function waitingFor({ id }: Quota, loads: readonly Load[]): Forecast['waiting'] {
  const waiting = loads.flatMap(({ counts }) => counts).filter((count) => count.waiting && count.quota === id)
  if (waiting.length === 0) return null
  return {
    readings: waiting.reduce((sum, { slots }) => sum + slots, 0),
    from: Math.min(...waiting.map(({ firstDueAt }) => firstDueAt)),
    until: Math.max(...waiting.map(({ lastDueAt }) => lastDueAt)),
  }
}

const shareOf = (amount: number, limit: number): number => (limit > 0 ? amount / limit : 1)

function sayForecast(bucket: Bucket, facts: Omit<Forecast, 'says'>, now: Instant): string {
  const { quota, used } = bucket
  const { expected, readings, resetsAt, exhaustedAt, held, streams, waiting, shareAtReset } = facts
  const zone = zoneOf(quota)
  const unit = unitOfQuota(quota)
  const until = calendarOf(quota) ? `Until ${timeIn(zone, resetsAt!, now)}` : `In the next ${sayWindow(quota)}`
  const basis = [...new Set(streams.map((stream) => says[stream.basis]))].join(' and ')
  const draws =
    readings === 0
      ? `${until} the schedule reads nothing that draws on it; ${amountOf(used)} of ${sayLimit(quota)} are used.`
      : `${until} ${sayReadings(readings)} ${readings === 1 ? 'draws' : 'draw'} about ${amountOf(expected)} ${unit} (${basis}), which makes ${Math.round(shareAtReset * 100)} % of ${sayLimit(quota)}.`
  const end =
    held === null || exhaustedAt === null
      ? []
      : [
          `What readings may use of it is used up ${exhaustedAt <= now ? 'now' : `at ${timeIn(zone, exhaustedAt, now)}`}: ${sayReadings(held.readings)} ${held.readings === 1 ? 'waits' : 'wait'} until ${timeIn(zone, held.until, now)}.`,
        ]
  return [draws, ...end, ...sayStanding(bucket, waiting, now)].join(' ')
}

function sayStanding({ quota, parkedUntil }: Bucket, waiting: Forecast['waiting'], now: Instant): string[] {
  const zone = zoneOf(quota)
  return [
    waiting &&
      `${sayReadings(waiting.readings)} ${waiting.readings === 1 ? 'waits' : 'wait'} for it now, the last until ${timeIn(zone, waiting.until, now)}.`,
    parkedUntil !== null &&
      parkedUntil > now &&
      `The platform said stop: nothing before ${timeIn(zone, parkedUntil, now)}.`,
  ].filter((sentence) => typeof sentence === 'string')
}

const says = {
  measured: 'as the last runs took',
  card: 'by the provider’s cost card',
  declared: 'by the declared minimum of calls, which is less than a reading with news',
} as const satisfies Record<CostBasis, string>

const sayWindow = (quota: Quota) => sayLimit(quota).split(' in ')[1]!
const sayReadings = (count: number) => `${count.toLocaleString('en-US')} ${count === 1 ? 'reading' : 'readings'}`
const amountOf = (amount: number) => amount.toLocaleString('en-US', { maximumFractionDigits: amount < 10 ? 2 : 0 })

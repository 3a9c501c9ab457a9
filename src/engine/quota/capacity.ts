import { calendarOf, dayMs, minute, type Quota, zoneOffsetMs } from '@patchbay/kit'
import { readingsApartMs } from '../sync/cadence.ts'
import type { ReadingCost } from './reading-costs.ts'
import { sayLength, sayLimit } from './say-wait.ts'

/** So many accounts, read so often: each stream at its own interval, or those in `streams` at `everyMs`. */
export interface Plan {
  readonly profiles: number
  readonly everyMs: number | null
  /** All of them when absent. */
  readonly streams?: readonly string[]
}

export interface QuotaCapacity {
  readonly quota: Quota
  /** What readings in the background may fill: the last tenth is left to people. */
  readonly usable: number
  /** What the plan draws in one window: of one account, where it is counted for each. */
  readonly draws: number
  readonly fits: boolean
  /** Null: any number, since none of them draws on it or each has its own. */
  readonly mostProfiles: number | null
  /** With the plan's profiles. Null: no interval helps. */
  readonly shortestEveryMs: number | null
}

export interface Capacity {
  readonly quotas: readonly QuotaCapacity[]
  readonly mostProfiles: number | null
  readonly shortestEveryMs: number | null
  /** The quota that is full first. Null where nothing draws on any. */
  readonly binding: Quota | null
  readonly fits: boolean
  readonly says: string
}

/**
 * What a provider's quotas have room for. Of a calendar day it takes the longest that its zone has, so that nobody is promised more than fits into the
 * 25 hours of one night in autumn; quotas of what runs at once bound how fast it goes and not how much.
 */
export function capacity(quotas: readonly Quota[], costs: readonly ReadingCost[], plan: Plan, now: number): Capacity {
  const each = quotas
    .filter(({ window }) => !('concurrent' in window))
    .map((quota) => capacityOf(quota, costs, plan, now))
  const drawnOn = each.filter(({ draws }) => draws > 0)
  const fullest = drawnOn.toSorted((one, other) => other.draws / other.usable - one.draws / one.usable)[0]
  const mosts = each.flatMap(({ mostProfiles }) => (mostProfiles === null ? [] : [mostProfiles]))
  const intervals = each.map(({ shortestEveryMs }) => shortestEveryMs)
  const found = {
    quotas: each,
    mostProfiles: mosts.length === 0 ? null : Math.min(...mosts),
    shortestEveryMs: intervals.some((ms) => ms === null) ? null : Math.max(minute, ...intervals.map(Number)),
    binding: fullest?.quota ?? null,
    fits: each.every(({ fits }) => fits),
  }
  return { ...found, says: sayCapacity(found, plan) }
}

function capacityOf(quota: Quota, costs: readonly ReadingCost[], plan: Plan, now: number): QuotaCapacity {
  const usable = quota.limit - quota.limit / 10
  const isShared = quota.per === 'app' || quota.per === 'ip'
  const windowMs = longestWindowMs(quota, now)
  const drawsOf = (some: Plan) => drawsIn(windowMs, quota.id, costs, isShared ? some : { ...some, profiles: 1 })
  const fitsIn = (some: Plan) => drawsOf(some) <= usable
  const draws = drawsOf(plan)
  return {
    ...{ quota, usable, draws, fits: draws <= usable },
    mostProfiles: mostProfiles(
      isShared,
      (profiles) => fitsIn({ ...plan, profiles }),
      drawsOf({ ...plan, profiles: 1 }),
    ),
    shortestEveryMs: shortestEvery((everyMs) => fitsIn({ ...plan, everyMs })),
  }
}

/** What one window of that length holds, on the average of the accounts' places in the interval. */
function drawsIn(
  windowMs: number,
  quota: string,
  costs: readonly ReadingCost[],
  { profiles, everyMs, streams }: Plan,
): number {
  let draws = 0
  for (const { stream, takes, batch, accountsPerRun, everyMs: ownMs } of costs) {
    const isChanged = everyMs !== null && (streams === undefined || streams.includes(stream))
    const apartMs = readingsApartMs(isChanged ? everyMs : ownMs)
    // Accounts that are read together cost by the run, full or not.
    const runs = batch > 1 ? Math.ceil(profiles / batch) : profiles
    const perRun = batch > 1 ? (takes[quota] ?? 0) * Math.min(batch, Math.max(1, accountsPerRun)) : (takes[quota] ?? 0)
    draws += (runs * perRun * windowMs) / apartMs
  }
  return draws
}

function longestWindowMs(quota: Quota, now: number): number {
  const calendar = calendarOf(quota)
  if (!calendar) return 'rollingMs' in quota.window ? quota.window.rollingMs : 0
  const { zone, span } = calendar
  const offsets = Array.from({ length: 12 }, (_, month) => zoneOffsetMs(now + month * 30 * dayMs, zone))
  return (span === 'day' ? 1 : 31) * dayMs + Math.max(...offsets) - Math.min(...offsets)
}

function mostProfiles(isShared: boolean, fits: (profiles: number) => boolean, drawsOfOne: number): number | null {
  if (drawsOfOne === 0) return null
  if (!isShared) return fits(1) ? null : 0
  return greatest(0, mostThatIsLooked, fits)
}

const mostThatIsLooked = 1e9

/** In whole minutes, up to a year. */
function shortestEvery(fits: (everyMs: number) => boolean): number | null {
  const most = 365 * 24 * 60
  if (!fits(most * minute)) return null
  // The greatest number of minutes that is too short, and one more.
  return (greatest(0, most, (minutes) => minutes === 0 || !fits(minutes * minute)) + 1) * minute
}

/** The greatest number for which it holds, where it holds up to one and for none after it. */
function greatest(least: number, most: number, holds: (value: number) => boolean): number {
  let [low, high] = [least, most + 1]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle)) low = middle
    else high = middle
  }
  return low
}

function sayCapacity(found: Omit<Capacity, 'says'>, { profiles, everyMs, streams }: Plan): string {
  const which = streams === undefined ? 'every stream' : streams.join(', ')
  const how = everyMs === null ? 'each stream at its own interval' : `${which} every ${sayLength(everyMs)}`
  const { binding, fits, mostProfiles, shortestEveryMs } = found
  if (binding === null) return `No quota is drawn on, with ${how}.`
  const limit = `the quota “${binding.id}” of ${sayLimit(binding)}`
  const asked = `${profiles.toLocaleString('en-US')} ${profiles === 1 ? 'profile' : 'profiles'}, ${how}: ${fits ? 'that fits' : 'that is too much'}.`
  const most =
    mostProfiles === null
      ? `Any number of profiles would fit; each has quotas of its own.`
      : `Up to ${mostProfiles.toLocaleString('en-US')} would fit; ${limit} is full first.`
  const shortest =
    shortestEveryMs === null
      ? `No interval helps: ${limit} has no room for so many.`
      : `The shortest interval for so many is ${sayLength(shortestEveryMs)}.`
  return [asked, most, shortest].join(' ')
}

import { type Artist, addDays, type Day, dayMs, dayOf, type Provider, parseDuration, type Truth } from '@patchbay/kit'
import type { Connection } from '../src/ports/connections.ts'
import type { RunRecord } from '../src/ports/journal.ts'
import type { StoredObservation } from '../src/ports/records.ts'
import type { PretendWorld } from './pretend-world.ts'

/** One artist's account on one platform. */
export interface Owned {
  readonly artist: Artist
  readonly provider: Provider
  readonly connection: Connection
}

export interface Comparison {
  /** Stored values that were held against the truth of the moment at which they were read. */
  compared: number
  /** Things that the platform shows and that were looked for in the store. */
  expected: number
  readonly differences: string[]
}

export const noComparison = (): Comparison => ({ compared: 0, expected: 0, differences: [] })

/**
 * What is stored against what is true: each value that was read since `since` against the truth of its own moment. Numbers of a day that the
 * platform still corrects are thereby compared with what it said then, a gauge with what it was on the day it is noted under.
 *
 * A null where the truth is silent is no difference: neither knows, and one says so. `daysBack`: a reading may have begun so many days before, and
 * told of days that the platform would not offer any more. `began`: when it did, and when it went on after it was broken off; what went before it was saved
 * was there then.
 */
export function compareStored(
  world: PretendWorld,
  { artist, provider }: Owned,
  rows: readonly StoredObservation[],
  { since, daysBack = 0, began = [] }: { since: number; daysBack?: number; began?: readonly number[] },
  into: Comparison,
): void {
  const fresh = rows.filter((row) => row.observedAt >= since)
  for (const [at, read] of Map.groupBy(fresh, (row) => row.observedAt)) {
    const waiting = new Map(read.map((row) => [keyOf(row), row]))
    const from = read.reduce((day, row) => (row.day < day ? row.day : day), dayOf(at))
    const moments = Array.from({ length: daysBack + 1 }, (_, back) => at - back * dayMs)
    const before = began.filter((moment) => moment <= at).sort((one, other) => other - one)
    for (const moment of [...moments, ...before]) {
      if (waiting.size === 0) break
      for (const truth of truthAt(world, provider, artist, from, moment)) {
        const key = keyOf(truth)
        const row = waiting.get(key)
        if (row && row.value !== truth.value)
          differ(into, artist, provider, row, `stored ${row.value}, true ${truth.value}`)
        waiting.delete(key)
        if (waiting.size === 0) break
      }
    }
    for (const row of waiting.values())
      if (row.value !== null) differ(into, artist, provider, row, `stored ${row.value}, not true of that day`)
  }
  into.compared += fresh.length
}

/**
 * What is true against what is stored: all that the platform would show while each stream was last read is there. What happened on a day that is
 * over has the value that it has now; what is counted over a lifetime was read on that day, or, for an item of many, in the last `itemDays` days.
 */
export function compareTrue(
  world: PretendWorld,
  { artist, provider }: Owned,
  rows: readonly StoredObservation[],
  lastRuns: ReadonlyMap<string, RunRecord>,
  { itemDays }: { itemDays: number },
  into: Comparison,
): void {
  const stored = new Map(rows.map((row) => [keyOf(row), row]))
  const newest = new Map(rows.map((row) => [seriesOf(row), row.day]))
  const known = new Map<number, Map<string, Truth[]>>()
  const at = (now: number, metric: string): readonly Truth[] => {
    let all = known.get(now)
    if (!all) {
      const truths = truthAt(world, provider, artist, world.sandbox.world.since, now)
      all = Map.groupBy(truths, (one) => (one.item === undefined ? one.metric : ofItems(one.metric)))
      known.set(now, all)
    }
    return all.get(metric) ?? []
  }
  for (const [metric, streams] of readersOf(provider, [...lastRuns.keys()])) {
    const runs = streams.map((stream) => lastRuns.get(stream)!)
    const before = at(Math.min(...runs.map(({ startedAt }) => startedAt)), metric)
    const after = at(Math.max(...runs.map(({ endedAt }) => endedAt!)), metric)
    const still = before === after ? null : new Map(after.map((one) => [keyOf(one), one.value]))
    for (const truth of before) {
      const key = keyOf(truth)
      // What came, went or changed while it was read may have been met or not.
      if (still && still.get(key) !== truth.value) continue
      into.expected++
      const row = stored.get(key)
      if (row) {
        if (row.value !== truth.value) differ(into, artist, provider, truth, `stored ${row.value}, now ${truth.value}`)
      } else if (truth.item === undefined || !((newest.get(seriesOf(truth)) ?? '') >= addDays(truth.day, -itemDays)))
        differ(into, artist, provider, truth, `not stored, true ${truth.value}`)
    }
  }
}

/**
 * What is read at least once a day has a value of every day, whenever in it the account's turn was. `days` were all over before the last reading and
 * began after the first.
 */
export function compareEveryDay(
  world: PretendWorld,
  { artist, provider }: Owned,
  rows: readonly StoredObservation[],
  days: readonly Day[],
  streams: readonly string[],
  into: Comparison,
): void {
  const daily = streams.filter((name) => parseDuration(provider.streams[name]!.every) <= dayMs)
  const metrics = new Set(daily.flatMap((name) => provider.streams[name]!.metrics))
  const stored = new Set(rows.filter(({ item }) => item === null).map(({ metric, day }) => `${day} ${metric}`))
  for (const { metric, item, day } of truthAt(world, provider, artist, dayOf(world.clock.now()), world.clock.now())) {
    const isCounter = item === undefined && day === dayOf(world.clock.now()) && metrics.has(metric)
    for (const missed of isCounter ? days.filter((each) => !stored.has(`${each} ${metric}`)) : [])
      differ(into, artist, provider, { metric, day: missed }, 'not read on that day')
    if (isCounter) into.expected += days.length
  }
}

/** Metric → the streams that may bring it. Streams without items bring numbers of the account only. */
function readersOf(provider: Provider, streams: readonly string[]): Map<string, string[]> {
  const readers = new Map<string, string[]>()
  for (const name of streams) {
    const { metrics, items } = provider.streams[name]!
    for (const key of metrics.flatMap((metric) => (items ? [metric, ofItems(metric)] : [metric])))
      readers.set(key, [...(readers.get(key) ?? []), name])
  }
  return readers
}

const ofItems = (metric: string) => `${metric} of items`

function truthAt({ sandbox }: PretendWorld, provider: Provider, artist: Artist, from: Day, now: number): Truth[] {
  const { settings } = sandbox.apps.first(provider.id)
  return [...provider.emulator.truth(artist, sandbox.world, { from, to: dayOf(now), now, settings })]
}

type Key = Pick<Truth, 'metric' | 'day' | 'dimensions'> & { readonly item?: string | null }

const seriesOf = ({ metric, item, dimensions = {} }: Omit<Key, 'day' | 'metric'> & { metric: string }) =>
  `${metric} ${item ?? ''} ${textOf(dimensions)}`

/** Most numbers have no dimensions, and this is asked of every one after every reading. */
const textOf = (dimensions: Readonly<Record<string, string>>) =>
  Object.keys(dimensions).length === 0 ? '' : Object.entries(dimensions).sort().join(' ')

/** The same for a number as it is true and as it is stored. */
export const keyOf = (row: Omit<Key, 'metric'> & { metric: string }) => `${row.day} ${seriesOf(row)}`

function differ(into: Comparison, artist: Artist, provider: Provider, row: Parameters<typeof keyOf>[0], what: string) {
  into.differences.push(`${provider.id}, ${artist.key}: ${keyOf(row).trim()}: ${what}`)
}

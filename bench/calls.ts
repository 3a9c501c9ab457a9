import { dayMs, type Provider } from '@patchbay/kit'
import * as catalog from '../providers/index.ts'
import { openPretendWorld, type PretendWorld } from '../sim/pretend-world.ts'
import { connectAll } from '../sim/read-everything.ts'
import type { StoredItem } from '../src/ports/records.ts'
import type { Line } from './run.ts'

interface Plan {
  readonly provider: string
  readonly settings?: Readonly<Record<string, string>>
  readonly accounts: number
  /** Calls for one account and day, as few as there can be for so many readings of each stream. */
  readonly least: (catalogue: Catalogue, readings: Readings) => number
  /** One call for each thing, once a day. */
  readonly naive: (catalogue: Catalogue) => number
  readonly source: string
  /** Why it may be more, or less. */
  readonly why: string
}

/** How often a day an account has each stream read. How often is the cadence's to say: more where numbers move and quotas have room. */
type Readings = Readonly<Record<string, number>>

/** What one account has at the end of the measured week. */
interface Catalogue {
  readonly items: number
  /** Videos of the last week, whose counters are read each time, and of the last three months, whose are read daily. */
  readonly young: number
  readonly recent: number
  /** By day on which something was met for the first time. */
  readonly news: readonly { readonly albums: number; readonly tracks: number }[]
}

const days = 7
/** How many pages, batches or other heaps of `size` that many are. */
const heaps = (count: number, size: number) => Math.ceil(count / size)
const newsOf = ({ news }: Catalogue, size: { albums: number; tracks: number }) =>
  news.reduce((sum, { albums, tracks }) => sum + heaps(albums, size.albums) + heaps(tracks, size.tracks), 0) / days

/** Worked out by hand from the platforms’ own documentation. A weekly look is a seventh of its calls a day. */
const plans: readonly Plan[] = [
  {
    provider: 'spotify',
    settings: { mode: 'extended' },
    accounts: 50,
    least: (catalogue, { artists = 0, releases = 0, topTracks = 0 }) =>
      artists / 50 + releases + topTracks + newsOf(catalogue, { albums: 20, tracks: 50 }),
    naive: ({ items }) => 1 + heaps(items, 10) + items + 1,
    source: 'artists by fifties, first page of albums, top tracks, details of new releases by twenties and fifties',
    why: 'more when a new single stands behind all albums: the pages up to it',
  },
  {
    // Such an app has five users.
    provider: 'spotify',
    settings: { mode: 'dev' },
    accounts: 5,
    least: (catalogue, { artist = 0, releases = 0 }) => artist + releases + newsOf(catalogue, { albums: 1, tracks: 1 }),
    naive: ({ items }) => 1 + heaps(items, 10) + items,
    source: 'artist, first page of albums, details of new releases one by one',
    why: 'more when a new single stands behind all albums: the pages up to it',
  },
  {
    provider: 'instagram',
    accounts: 50,
    least: ({ items }, { profile = 0, media = 0, daily = 0, demographics = 0, stories = 0 }) =>
      profile +
      media * Math.min(2, heaps(items, 50)) +
      Math.max(0, heaps(items, 50) - 2) / 7 +
      3 * daily +
      2 * demographics +
      stories,
    naive: ({ items }) => 1 + heaps(items, 25) + items,
    source:
      'profile 1, newest two pages of media with their insights, older pages once a week, account insights 3, demographics 2, stories 1',
    why: 'more where the numbers of a post or story are refused and it takes its page with it: calls to find it; less of daily where a day is late and comes complete',
  },
  {
    provider: 'youtube',
    accounts: 50,
    least: ({ items, young, recent }, { channel = 0, videos = 0, daily = 0, audience = 0 }) =>
      channel / 50 +
      videos +
      heaps(recent, 50) +
      Math.max(0, videos - 1) * heaps(young, 50) +
      (heaps(items, 50) - heaps(recent, 50)) / 7 +
      daily +
      2 * audience,
    naive: ({ items }) => 1 + heaps(items, 50) + items,
    source:
      'channels by fifties, first page of uploads, statistics by fifties: of the last week each time, of three months daily, of the others weekly, report 1, audience 2',
    why: 'more on the day a video comes out: its statistics; and the hub is asked for its messages once in some days',
  },
]

/**
 * Calls for an account and day in a simulated week after everything was read once, with the schedule left to itself, as the sandbox counted them, beside
 * the fewest that so many readings can do with.
 */
export async function* run(): AsyncIterable<Line> {
  let measured = 0
  let least = 0
  for (const plan of plans) {
    const name = [plan.provider, ...Object.values(plan.settings ?? {})].join('_')
    const { calls, readings, byStream, catalogues } = await measure(plan)
    const leastOfPlan = mean(catalogues.map((catalogue) => plan.least(catalogue, readings)))
    yield { metric: `${name}_calls`, value: calls, unit: `for an account and day: ${byStream}; ${plan.why}` }
    yield { metric: `${name}_least`, value: leastOfPlan, unit: `for as many readings: ${plan.source}` }
    yield {
      metric: `${name}_naive`,
      value: mean(catalogues.map(plan.naive)),
      unit: `one by one: ${mean(catalogues.map(({ items }) => items)).toFixed(0)} items`,
    }
    yield { metric: `${name}_ratio`, value: leastOfPlan / calls, unit: 'of the least there can be' }
    measured += calls
    least += leastOfPlan
  }
  yield { metric: 'ratio', value: least / measured, unit: 'of the least there can be' }
}

async function measure(plan: Plan) {
  const { accounts, settings } = plan
  const provider = Object.values<Provider>(catalog).find(({ id }) => id === plan.provider)!
  const world = await openPretendWorld({
    providers: [provider],
    artists: accounts,
    seed: 'calls',
    crons: true,
    ...(settings && { settings: { [provider.id]: settings } }),
  })
  const owned = await connectAll(world, [provider])
  const connections = owned.map(({ connection }) => connection.id)
  do await world.passTime(dayMs)
  while (!(await isRead(world, connections)))
  const from = world.clock.now()
  await world.passTime(days * dayMs)
  const until = world.clock.now()
  const made = world.sandbox.ledger.entries.filter(({ what, at }) => what === 'api' && at >= from && at < until)
  const items = await world.deps.records.items(world.environment.id, { connections, limit: Number.MAX_SAFE_INTEGER })
  const byConnection = Map.groupBy(items, ({ connectionId }) => connectionId)
  return {
    calls: made.length / accounts / days,
    ...(await readingsOf(world, from, accounts)),
    catalogues: connections.map((id) => catalogueOf(byConnection.get(id) ?? [], from, until)),
  }
}

/** Everything was read to its end once. */
async function isRead({ deps, environment }: PretendWorld, connections: readonly string[]): Promise<boolean> {
  const slots = await deps.schedule.of(environment.id, connections)
  return slots.every(({ syncedAt }) => syncedAt !== null)
}

/** What was read in the measured week: how often, and with how many calls, for an account and day. */
async function readingsOf({ deps, environment }: PretendWorld, from: number, accounts: number) {
  const runs = await deps.journal.readRuns(environment.id, { limit: Number.MAX_SAFE_INTEGER })
  const ofWeek = runs.filter(({ startedAt }) => startedAt >= from)
  const each = (count: number) => count / accounts / days
  const streams = [...Map.groupBy(ofWeek, ({ stream }) => stream)].map(([stream, own]) => ({
    stream,
    readings: each(sum(own.map(({ state, connectionIds }) => (state === 'succeeded' ? connectionIds.length : 0)))),
    calls: each(sum(own.map(({ calls }) => calls))),
  }))
  return {
    readings: Object.fromEntries(streams.map(({ stream, readings }) => [stream, readings])),
    byStream: streams
      .map(({ stream, readings, calls }) => `${stream} ${calls.toFixed(2)} in ${readings.toFixed(2)} readings`)
      .join(', '),
  }
}

function catalogueOf(items: readonly StoredItem[], from: number, until: number): Catalogue {
  const lasting = items.filter(({ kind }) => kind !== 'story')
  const publishedSince = (since: number) =>
    lasting.filter(({ publishedAt }) => Date.parse(publishedAt ?? '') > since).length
  const fresh = lasting.filter(({ firstSeenAt }) => firstSeenAt >= from)
  const byDay = Map.groupBy(fresh, ({ firstSeenAt }) => Math.floor((firstSeenAt - from) / dayMs))
  return {
    items: lasting.length,
    young: publishedSince(until - 7 * dayMs),
    recent: publishedSince(until - 90 * dayMs),
    news: [...byDay.values()].map((all) => ({
      albums: all.filter(({ kind }) => kind === 'album').length,
      tracks: all.filter(({ kind }) => kind === 'track').length,
    })),
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const mean = (values: readonly number[]) => sum(values) / values.length

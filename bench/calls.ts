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
  /** Streams that have their turn each day. */
  readonly daily: readonly string[]
  /** Calls for one account, as few as there can be: on a day without weekly looks and news, and on an average day with all that is read. */
  readonly leastOfDay: (catalogue: Catalogue) => number
  readonly sourceOfDay: string
  readonly least: (catalogue: Catalogue) => number
  /** One call for each thing. */
  readonly naive: (catalogue: Catalogue) => number
  readonly source: string
  /** Why it may be more, or less. */
  readonly why: string
}

/** What one account has at the end of the measured week. */
interface Catalogue {
  readonly items: number
  /** Videos of the last three months, whose counters are read daily. */
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
    daily: ['artists', 'releases'],
    leastOfDay: () => 1 / 50 + 1,
    sourceOfDay: 'artists by fifties 1/50 + first page of albums 1',
    least: (catalogue) => 1 / 50 + 1 + 1 / 7 + newsOf(catalogue, { albums: 20, tracks: 50 }),
    naive: ({ items }) => 1 + heaps(items, 10) + items + 1,
    source:
      'artists by fifties 1/50 + first page of albums 1 + top tracks 1/7 + details of new releases by twenties and fifties',
    why: 'more when a new single stands behind all albums: the pages up to it',
  },
  {
    // Such an app has five users.
    provider: 'spotify',
    settings: { mode: 'dev' },
    accounts: 5,
    daily: ['artist', 'releases'],
    leastOfDay: () => 2,
    sourceOfDay: 'artist 1 + first page of albums 1',
    least: (catalogue) => 2 + newsOf(catalogue, { albums: 1, tracks: 1 }),
    naive: ({ items }) => 1 + heaps(items, 10) + items,
    source: 'artist 1 + first page of albums 1 + details of new releases one by one',
    why: 'more when a new single stands behind all albums: the pages up to it',
  },
  {
    provider: 'instagram',
    accounts: 50,
    daily: ['profile', 'media', 'daily'],
    leastOfDay: ({ items }) => 1 + Math.min(2, heaps(items, 50)) + 3,
    sourceOfDay: 'profile 1 + newest two pages of media with their insights 2 + account insights 3',
    least: ({ items }) => 1 + Math.min(2, heaps(items, 50)) + 3 + Math.max(0, heaps(items, 50) - 2) / 7 + 2 / 7 + 4,
    naive: ({ items }) => 1 + heaps(items, 25) + items,
    source:
      'profile 1 + newest two pages of media with their insights 2 + account insights 3 + older pages 1/7 each + demographics 2/7 + stories 4, since they are gone after a day',
    why: 'more where the numbers of a post or story are refused and it takes its page with it: calls to find it; less of daily where a day is late and comes complete',
  },
  {
    provider: 'youtube',
    accounts: 50,
    daily: ['channel', 'videos', 'daily'],
    leastOfDay: ({ items }) => 1 / 50 + 1 + heaps(items, 50) + 1,
    sourceOfDay: 'channels by fifties 1/50 + first page of uploads 1 + statistics of all videos by fifties + report 1',
    least: ({ items, recent }) =>
      1 / 50 + 1 + heaps(recent, 50) + (heaps(items, 50) - heaps(recent, 50)) / 7 + 1 + 2 / 7,
    naive: ({ items }) => 1 + heaps(items, 50) + items,
    source:
      'channels by fifties 1/50 + first page of uploads 1 + statistics by fifties, older than three months 1/7 + report 1 + audience 2/7',
    why: 'more on the day a video comes out: its statistics',
  },
]

/**
 * Calls for an account and day in a simulated week after everything was read once, with the schedule left to itself, as the sandbox counted them.
 * `daily_calls` are those of the streams that have their turn daily, without the day of the week on which the account took most: there the weekly looks are.
 */
export async function* run(): AsyncIterable<Line> {
  let measured = 0
  let least = 0
  for (const plan of plans) {
    const name = [plan.provider, ...Object.values(plan.settings ?? {})].join('_')
    const { calls, byStream, callsOfDay, catalogues } = await measure(plan)
    const leastOfPlan = mean(catalogues.map(plan.least))
    yield {
      metric: `${name}_daily_calls`,
      value: callsOfDay,
      unit: `for an account and day without weekly looks: ${plan.daily.join(', ')}`,
    }
    yield { metric: `${name}_daily_least`, value: mean(catalogues.map(plan.leastOfDay)), unit: plan.sourceOfDay }
    yield { metric: `${name}_calls`, value: calls, unit: `for an account and day: ${byStream}; ${plan.why}` }
    yield { metric: `${name}_least`, value: leastOfPlan, unit: plan.source }
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
    ...split(await runsOf(world, from), plan.daily, connections),
    catalogues: connections.map((id) => catalogueOf(byConnection.get(id) ?? [], from, until)),
  }
}

/** Everything was read to its end once. */
async function isRead({ deps, environment }: PretendWorld, connections: readonly string[]): Promise<boolean> {
  const slots = await deps.schedule.of(environment.id, connections)
  return slots.every(({ syncedAt }) => syncedAt !== null)
}

/** The runs of the measured week, each with its day. */
async function runsOf({ deps, environment }: PretendWorld, from: number) {
  const runs = await deps.journal.readRuns(environment.id, { limit: Number.MAX_SAFE_INTEGER })
  return runs
    .map((run) => ({ ...run, day: Math.floor((run.startedAt - from) / dayMs) }))
    .filter(({ day }) => day >= 0 && day < days)
}

function split(
  runs: Awaited<ReturnType<typeof runsOf>>,
  daily: readonly string[],
  connections: readonly string[],
): { byStream: string; callsOfDay: number } {
  const byStream = new Map<string, number>()
  const byAccount = new Map(connections.map((id) => [id, new Array<number>(days).fill(0)]))
  for (const { stream, calls, connectionIds, day } of runs) {
    byStream.set(stream, (byStream.get(stream) ?? 0) + calls / connections.length / days)
    if (daily.includes(stream)) for (const id of connectionIds) byAccount.get(id)![day]! += calls / connectionIds.length
  }
  const withoutMost = [...byAccount.values()].flatMap((each) => each.toSorted((one, other) => one - other).slice(0, -1))
  return {
    byStream: [...byStream].map(([stream, calls]) => `${stream} ${calls.toFixed(2)}`).join(', '),
    callsOfDay: mean(withoutMost),
  }
}

function catalogueOf(items: readonly StoredItem[], from: number, until: number): Catalogue {
  const lasting = items.filter(({ kind }) => kind !== 'story')
  const fresh = lasting.filter(({ firstSeenAt }) => firstSeenAt >= from)
  const byDay = Map.groupBy(fresh, ({ firstSeenAt }) => Math.floor((firstSeenAt - from) / dayMs))
  return {
    items: lasting.length,
    recent: lasting.filter(({ publishedAt }) => Date.parse(publishedAt ?? '') > until - 90 * dayMs).length,
    news: [...byDay.values()].map((all) => ({
      albums: all.filter(({ kind }) => kind === 'album').length,
      tracks: all.filter(({ kind }) => kind === 'track').length,
    })),
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

import { dayMs, type Provider } from '@patchbay/kit'
import * as catalog from '../providers/index.ts'
import { openPretendWorld } from '../sim/pretend-world.ts'
import { connectAll } from '../sim/read-everything.ts'
import type { Line } from './run.ts'

/** How many there are of each kind of item, on average. */
type Sizes = Readonly<Record<string, number>>

interface Plan {
  readonly provider: string
  readonly settings?: Readonly<Record<string, string>>
  /** Calls for one account and day: as few as there can be for daily numbers, and one call for each thing. */
  readonly least: (sizes: Sizes) => number
  readonly naive: (sizes: Sizes) => number
  readonly source: string
}

/** Worked out by hand from the platforms' own documentation. A weekly look at everything is a seventh of a day’s calls and is not in them. */
const plans: readonly Plan[] = [
  {
    provider: 'spotify',
    settings: { mode: 'extended' },
    least: () => 1 / 50 + 1,
    naive: ({ release = 0, track = 0 }) => 1 + Math.ceil(release / 10) + release + track + 1,
    source: 'artists by fifties, the first page of albums; or each album and track by itself (23 and 140 of them: 168)',
  },
  {
    provider: 'spotify',
    settings: { mode: 'dev' },
    least: () => 2,
    naive: ({ release = 0, track = 0 }) => 1 + Math.ceil(release / 10) + release + track,
    source: 'the same without batches and top tracks: 2, or 167',
  },
  {
    provider: 'instagram',
    least: () => 6,
    naive: (sizes) => 1 + Math.ceil(mediaOf(sizes) / 25) + mediaOf(sizes),
    source:
      'profile, two pages of media with their insights, three of account insights; or insights post by post (800 of them: 833)',
  },
  {
    provider: 'youtube',
    least: ({ video = 0 }) => 1 / 50 + 1 + Math.ceil(video / 50) + 1,
    naive: ({ video = 0 }) => 1 + Math.ceil(video / 50) + video,
    source:
      'channels by fifties, the first page of uploads, statistics by fifties, one report; or video by video (300 of them: 307)',
  },
]

const mediaOf = ({ story: _, ...sizes }: Sizes) => Object.values(sizes).reduce((sum, size) => sum + size, 0)

const accounts = 50
const days = 7

/** Calls for an account and day in a simulated week after the first day, with the schedule left to itself, as the sandbox counted them. */
export async function* run(): AsyncIterable<Line> {
  let measured = 0
  let least = 0
  for (const plan of plans) {
    const name = [plan.provider, ...Object.values(plan.settings ?? {})].join('_')
    const provider = Object.values<Provider>(catalog).find(({ id }) => id === plan.provider)!
    const { calls, sizes } = await measure(provider, plan)
    yield { metric: `${name}_calls`, value: calls, unit: 'for an account and day' }
    yield { metric: `${name}_least`, value: plan.least(sizes), unit: plan.source }
    yield { metric: `${name}_naive`, value: plan.naive(sizes), unit: `with ${mediaOf(sizes).toFixed(0)} items` }
    yield { metric: `${name}_ratio`, value: plan.least(sizes) / calls, unit: 'of the least there can be' }
    measured += calls
    least += plan.least(sizes)
  }
  yield { metric: 'ratio', value: least / measured, unit: 'of the least there can be' }
}

async function measure(provider: Provider, { settings }: Plan): Promise<{ calls: number; sizes: Sizes }> {
  const world = await openPretendWorld({
    providers: [provider],
    artists: accounts,
    seed: 'calls',
    crons: true,
    ...(settings && { settings: { [provider.id]: settings } }),
  })
  const owned = await connectAll(world, [provider])
  const from = world.clock.now() + dayMs
  await world.passTime((days + 1) * dayMs)
  const made = world.sandbox.ledger.entries.filter(
    ({ what, at }) => what === 'api' && at >= from && at < from + days * dayMs,
  )
  const connections = owned.map(({ connection }) => connection.id)
  const items = await world.deps.records.items(world.environment.id, { connections, limit: Number.MAX_SAFE_INTEGER })
  const sizes: Record<string, number> = {}
  for (const { kind } of items) sizes[kind] = (sizes[kind] ?? 0) + 1 / accounts
  return { calls: made.length / accounts / days, sizes }
}

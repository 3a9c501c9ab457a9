import assert from 'node:assert/strict'
import type { Provider } from '@patchbay/kit'
import { compareStored, compareTrue, noComparison } from '../compare-truth.ts'
import { openPretendWorld, type PretendWorld } from '../pretend-world.ts'
import { connectAll, lastRuns, readEverything } from '../read-everything.ts'
import { withQuotas } from './with-quotas.ts'

/**
 * Everything is read whole where one window of each quota holds about a third of it, over a network that takes its time in both directions, and the
 * platform never has to say stop.
 */
export async function checkQuotaWindows(provider: Provider, settings: Readonly<Record<string, string>>): Promise<void> {
  const options = { settings: { [provider.id]: settings }, artists: 6, since: '2026-01-10', seed: 'windows' }
  const wide = await openPretendWorld({ ...options, providers: [withQuotas(provider, () => 1e9)] })
  await readEverything(wide, await connectAll(wide, [provider]))
  const taken = mostTaken(wide)

  let isNarrow = true
  const narrow = withQuotas(provider, (id) =>
    isNarrow ? Math.max(taken.once.get(id) ?? 1, Math.ceil((taken.inAll.get(id) ?? 3) / windows)) : 1e9,
  )
  const world = await openPretendWorld({ ...options, providers: [narrow] })
  addLatency(world, provider)
  const owned = await connectAll(world, [narrow])
  await readEverything(world, owned, 60)

  const { entries, violations } = world.sandbox.ledger
  assert.deepEqual(violations, [], 'the platform was asked for more than it gives')
  const stops = entries.filter(({ status, why }) => status === 429 || why?.startsWith('quota'))
  assert.deepEqual(stops, [])
  // A reading of days has not met what came behind it: that is for the next one, which is let through.
  isNarrow = false
  await readEverything(world, owned)
  const result = noComparison()
  const runs = await lastRuns(world)
  for (const one of owned) {
    const rows = await world.rowsOf([one.connection])
    compareStored(world, one, rows, { since: 0, daysBack: 60 }, result)
    compareTrue(world, one, rows, runs.get(one.connection.id)!, { itemDays: 60 }, result)
  }
  assert.ok(result.expected > 0)
  assert.deepEqual(result.differences.slice(0, 10), [])
}

const windows = 3

/** Of each quota: what one call takes at most, and what all calls on the fullest bucket took. */
function mostTaken({ sandbox }: PretendWorld) {
  const once = new Map<string, number>()
  const buckets = new Map<string, number>()
  for (const { takes = {} } of sandbox.ledger.entries)
    for (const [bucket, amount] of Object.entries(takes)) {
      const [id] = bucket.split('/') as [string]
      once.set(id, Math.max(once.get(id) ?? 0, amount))
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + amount)
    }
  const inAll = new Map<string, number>()
  for (const [bucket, amount] of buckets) {
    const [id] = bucket.split('/') as [string]
    inAll.set(id, Math.max(inAll.get(id) ?? 0, amount))
  }
  return { once, inAll }
}

/** Some requests are long on their way, some answers are, and most are neither. */
function addLatency({ sandbox }: PretendWorld, { id }: Provider): void {
  for (const side of ['request', 'reply'] as const)
    for (const [ms, probability] of [
      [40, 1],
      [300, 0.2],
      [2500, 0.03],
    ] as const)
      sandbox.weather.add({ id: `${side} ${ms}`, kind: 'delay', provider: id, ms, side, probability })
}

import assert from 'node:assert/strict'
import { dayMs, type Provider } from '@patchbay/kit'
import type { Connection } from '../../src/ports/connections.ts'
import { openPretendWorld, type PretendWorld } from '../pretend-world.ts'
import { connectAll } from '../read-everything.ts'

/** What an account costs: calls, and what they take of each quota. */
export interface Cost {
  readonly calls: number
  readonly tokenRequests: number
  readonly takes: Readonly<Record<string, number>>
}

export interface CostCard {
  readonly firstDay: Cost
  /** A day in which nothing is read for the first time. */
  readonly ordinaryDay: Cost
  /** The seven days after the first, in which weekly streams have their turn. */
  readonly week: Cost
  /** What one reading of an account takes of each quota, after its first: stream → quota → amount. Forecasts reckon with it until they have measured. */
  readonly streams: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/**
 * Eight days of twenty accounts, or a full batch of them, with the schedule left to itself, as cost for each account. Along the way: what is stored was declared, and what is
 * declared is stored by somebody.
 */
export async function measureCosts(provider: Provider): Promise<CostCard> {
  const accounts = Math.max(20, ...Object.values(provider.streams).map(({ batch = 1 }) => batch))
  const world = await openPretendWorld({ providers: [provider], artists: accounts, seed: 'costs', crons: true })
  const began = world.clock.now()
  const owned = await connectAll(world, [provider])
  await world.passTime(began + 8 * dayMs - world.clock.now())
  const rows = await world.rowsOf(owned.map(({ connection }) => connection))
  for (const { stream } of await world.slotsOf(owned[0]!.connection)) {
    const declared = new Set<string>(provider.streams[stream]!.metrics)
    const stored = new Set(rows.filter((row) => row.stream === stream).map(({ metric }) => metric))
    assert.deepEqual([...stored].toSorted(), [...declared].toSorted(), `metrics of ${stream}: stored and declared`)
  }
  const connections = owned.map(({ connection }) => connection.id)
  const refused = await world.deps.records.refusedRows(world.environment.id, { connections, limit: 1e6 })
  const ours = refused.filter(({ why }) => /declare|vocabulary|^not a|negative|missing|future/.test(why))
  assert.deepEqual(ours.slice(0, 5), [], 'the engine refused what the connector handed over')

  const between = (from: number, to: number) => costBetween(world, began + from * dayMs, began + to * dayMs)
  return {
    ...{ firstDay: between(0, 1), ordinaryDay: between(2, 3), week: between(1, 8) },
    streams: await readingCosts(world, owned[0]!.connection, began + dayMs),
  }
}

async function readingCosts(world: PretendWorld, connection: Connection, since: number): Promise<CostCard['streams']> {
  await world.engine.gateway.flush()
  const { integrationId } = connection
  const streams = (await world.slotsOf(connection)).map(({ stream }) => ({ integrationId, stream }))
  const costs = await world.deps.history.streamCosts(world.environment.id, { streams, since, runs: 1e6 })
  return Object.fromEntries(
    costs.map(({ stream, takes, readings }) => [
      stream,
      Object.fromEntries(
        Object.entries(takes)
          .sort()
          .map(([id, amount]) => [id, Math.round((amount / readings) * 1000) / 1000]),
      ),
    ]),
  )
}

function costBetween({ sandbox, artists }: PretendWorld, from: number, to: number): Cost {
  const entries = sandbox.ledger.entries.filter(({ at }) => at >= from && at < to)
  const takes: Record<string, number> = {}
  for (const entry of entries)
    for (const [bucket, amount] of Object.entries(entry.takes ?? {})) {
      const id = bucket.split('/')[0]!
      takes[id] = (takes[id] ?? 0) + amount
    }
  const each = (count: number) => Math.round((count / artists.length) * 100) / 100
  return {
    calls: each(entries.filter(({ what }) => what === 'api').length),
    tokenRequests: each(entries.filter(({ what }) => what === 'token' || what === 'extend').length),
    takes: Object.fromEntries(
      Object.entries(takes)
        .sort()
        .map(([id, amount]) => [id, each(amount)]),
    ),
  }
}

/** What changed, in lines that one can read in a review. A little more or less is chance: when an account has its turn goes by its id. */
export function differencesOf(before: CostCard | undefined, now: CostCard): string[] {
  if (!before) return ['there is no card yet']
  const days = (['firstDay', 'ordinaryDay', 'week'] as const).flatMap((when) =>
    compare(when, flat(before[when]), flat(now[when])),
  )
  const streams = [...new Set([...Object.keys(before.streams ?? {}), ...Object.keys(now.streams)])]
  const readings = streams.flatMap((stream) =>
    compare(`a reading of ${stream}`, before.streams?.[stream] ?? {}, now.streams[stream] ?? {}),
  )
  return [...days, ...readings]
}

const compare = (when: string, old: Readonly<Record<string, number>>, fresh: Readonly<Record<string, number>>) =>
  [...new Set([...Object.keys(old), ...Object.keys(fresh)])]
    .filter((what) => Math.abs((old[what] ?? 0) - (fresh[what] ?? 0)) > Math.max(0.1, 0.04 * (old[what] ?? 0)))
    .map((what) => `${when}, ${what}: ${old[what] ?? 0} → ${fresh[what] ?? 0} for each account`)

const flat = ({ takes, ...counts }: Cost): Record<string, number> => ({
  ...counts,
  ...Object.fromEntries(Object.entries(takes).map(([id, amount]) => [`quota ${id}`, amount])),
})

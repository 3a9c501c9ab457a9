import { dayMs, hour, type Provider } from '@patchbay/kit'
import type { RunRecord } from '../src/ports/journal.ts'
import type { Owned } from './compare-truth.ts'
import type { PretendWorld } from './pretend-world.ts'

/** Connects every artist at every given provider, one after the other at each. */
export async function connectAll(world: PretendWorld, providers: readonly Provider[]): Promise<Owned[]> {
  const owned: Owned[] = []
  const connectAt = async (provider: Provider) => {
    for (const artist of world.artists)
      owned.push({ artist, provider, connection: await world.connect(artist, provider) })
  }
  await world.run(() => Promise.all(providers.map(connectAt)))
  return owned
}

/** Wakes every stream of every account, and waits until each was read to its end, however many days the quotas make of it. */
export async function readEverything(world: PretendWorld, owned: readonly Owned[], mostDays = 20): Promise<void> {
  const since = world.clock.now()
  for (const { connection } of owned) await world.wake(connection)
  for (;;) {
    await world.settle()
    const slots = await Promise.all(owned.map(({ connection }) => world.slotsOf(connection)))
    const unread = slots.flat().filter(({ blocked, syncedAt }) => blocked === null && (syncedAt ?? 0) < since)
    if (unread.length === 0) return
    if (world.clock.now() > since + mostDays * dayMs) {
      const [{ stream, lastFault }] = unread as [(typeof unread)[number]]
      throw new Error(`not read in ${mostDays} days: ${unread.length} streams, such as ${stream} (${lastFault})`)
    }
    await world.passTime(hour)
  }
}

/** Connection → stream → the last run that read it. */
export async function lastRuns({ deps, environment }: PretendWorld): Promise<Map<string, Map<string, RunRecord>>> {
  const last = new Map<string, Map<string, RunRecord>>()
  for (const run of (await deps.journal.readRuns(environment.id, { limit: 1e9 })).toReversed())
    if (run.state === 'succeeded' || run.state === 'partial')
      for (const id of run.connectionIds) last.set(id, (last.get(id) ?? new Map()).set(run.stream, run))
  return last
}

/** Each choice that a provider's settings offer and the sandbox's own app does not have. */
export function otherSettings({ settings = {} }: Provider): Record<string, string>[] {
  return Object.entries(settings).flatMap(([name, { choices = [], sandbox, initial }]) =>
    choices.filter((choice) => choice !== (sandbox ?? initial)).map((choice) => ({ [name]: choice })),
  )
}

import assert from 'node:assert/strict'
import { type Provider, parseDuration } from '@patchbay/kit'
import type { Owned } from '../compare-truth.ts'
import { openPretendWorld, type PretendWorld } from '../pretend-world.ts'
import { connectAll, readEverything } from '../read-everything.ts'
import { readDirectly } from './read-directly.ts'

/**
 * What a run costs when its turn comes again and nothing happened meanwhile: the declared minimum, measured at the platform. Accounts on which
 * something did happen may cost more, and none costs less.
 */
export async function checkIdleRuns(provider: Provider, settings: Readonly<Record<string, string>>): Promise<string[]> {
  const most = Math.max(...Object.values(provider.streams).map(({ batch = 1 }) => batch), 12)
  const options = { settings: { [provider.id]: settings }, artists: most, since: '2026-01-10', seed: 'idle' }
  const world = await openPretendWorld({ ...options, providers: [provider] })
  const owned = await connectAll(world, [provider])
  await readEverything(world, owned)
  const streams = (await world.slotsOf(owned[0]!.connection)).map(({ stream }) => stream)
  // Nobody reads but us from now on.
  await world.run(() => world.engine.drain())

  const measured: string[] = []
  const readAt = world.clock.now()
  const byInterval = streams.toSorted((one, other) => everyMs(provider, one) - everyMs(provider, other))
  for (const name of byInterval) {
    const { batch = 1, idleCalls } = provider.streams[name]!
    await world.run(() => world.clock.sleep(Math.max(0, readAt + everyMs(provider, name) - world.clock.now())))
    const costs: number[] = []
    for (const group of groupsOf(owned, batch)) costs.push(await callsOf(world, provider, name, group))
    const least = Math.min(...costs)
    measured.push(`${name} ${round(least)}`)
    assert.equal(round(least), round(idleCalls), `an idle run of ${name} costs ${least} calls for each account`)
  }
  return measured
}

const everyMs = ({ streams }: Provider, name: string) => parseDuration(streams[name]!.every)

/** Full batches only. */
function groupsOf(owned: readonly Owned[], batch: number): Owned[][] {
  const count = Math.floor(owned.length / batch)
  return Array.from({ length: Math.min(count, 12) }, (_, nth) => owned.slice(nth * batch, (nth + 1) * batch))
}

async function callsOf(
  world: PretendWorld,
  provider: Provider,
  name: string,
  group: readonly Owned[],
): Promise<number> {
  const { entries } = world.sandbox.ledger
  const before = entries.length
  await world.run(() =>
    readDirectly(
      world,
      provider,
      name,
      group.map(({ connection }) => connection),
    ),
  )
  return entries.slice(before).filter(({ what }) => what === 'api').length / group.length
}

const round = (calls: number) => Math.round(calls * 1000) / 1000

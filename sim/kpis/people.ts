import { type Artist, dayMs, type Provider } from '@patchbay/kit'
import type { SeededRandom } from '../../src/drivers/random/seeded.ts'
import type { Connection } from '../../src/ports/connections.ts'
import type { Owned } from '../compare-truth.ts'
import type { PretendWorld } from '../pretend-world.ts'
import { mix, type Span } from './weather-mix.ts'

/** Everybody comes in the first day, one after the other. Some have no account that fits, and go again. */
export async function arrive(world: PretendWorld, provider: Provider, owned: Owned[]): Promise<void> {
  for (const artist of world.artists) {
    await world.clock.sleep((0.9 * dayMs) / world.artists.length)
    const ended = await world.tryToConnect(artist, provider)
    if (!('connectionIds' in ended)) continue
    for (const id of ended.connectionIds) {
      const connection = await world.deps.connections.read(world.environment.id, id)
      if (connection) owned.push({ artist, provider, connection })
    }
  }
}

/** What people do in the window. */
export async function live(
  world: PretendWorld,
  owned: readonly Owned[],
  {
    window,
    spans,
    random,
    revokeAMonth,
  }: {
    window: { from: number; to: number }
    spans: readonly Span[]
    random: SeededRandom
    revokeAMonth: number
  },
): Promise<void> {
  const { clock, engine, environment, sandbox } = world
  const lengthDays = (window.to - window.from) / dayMs
  const doings: { at: number; work: () => Promise<unknown> }[] = []
  const anyTime = () => window.from + random.unit() * (window.to - window.from)
  for (const { artist, provider, connection } of owned) {
    if (provider.auth.scheme === 'oauth2' && random.unit() < (revokeAMonth * lengthDays) / 30) {
      const at = anyTime()
      doings.push({ at, work: async () => sandbox.meddle(provider.id, artist.key, 'revoke') })
      const back = at + dayMs + random.unit() * (mix.people.withinDays - 1) * dayMs
      if (random.unit() < mix.people.comeBack)
        doings.push({ at: back, work: () => comeBack(world, artist, provider, connection) })
    }
    for (let n = Math.floor(mix.refreshesADay * lengthDays + random.unit()); n > 0; n--)
      doings.push({ at: anyTime(), work: () => engine.refresh(environment.id, connection.id, { waitMs: 5_000 }) })
  }
  for (const { provider, what, from, until } of spans) {
    if (what !== 'wrong secret') continue
    const id = world.integrationIdOf({ id: provider } as Provider)
    const right = sandbox.apps.first(provider).clientSecret ?? undefined
    const save = (clientSecret: string | undefined) =>
      engine.saveIntegration(environment, { id, provider, clientSecret }, 'user:operator')
    doings.push({ at: from, work: () => save('mistyped') }, { at: until, work: () => save(right) })
  }
  for (const { at, work } of doings.sort((one, other) => one.at - other.at)) {
    await clock.sleep(at - clock.now())
    // A refresh of what is lost or paused is refused, and people are told so.
    void work().catch((error: unknown) => world.log.info('people.refused', { error }))
  }
}

async function comeBack(world: PretendWorld, artist: Artist, provider: Provider, { id }: Connection): Promise<void> {
  const now = await world.deps.connections.read(world.environment.id, id)
  if (now?.state === 'needs_reauth' || now?.state === 'revoked')
    await world.tryToConnect(artist, provider, { reconnect: id })
}

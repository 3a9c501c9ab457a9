import { type Provider, second } from '@patchbay/kit'
import type { Connection } from '../src/ports/connections.ts'
import { openPretendWorld } from './pretend-world.ts'

export interface OnDemand {
  /** From pressing refresh until every headline number was read anew, sorted; in simulated milliseconds. */
  readonly tookMs: readonly number[]
  /** Those that were not all read within the half minute that somebody waits. */
  readonly notDone: number
  /** Slots that were due when the last one asked. */
  readonly behind: number
}

/** Everybody connects, so that everything is due at once; while it is read, somebody presses refresh every second, each time on another account. */
export async function measureOnDemand(options: {
  readonly providers: readonly Provider[]
  readonly artists: number
  readonly latencyMs: number
  readonly asks: number
}): Promise<OnDemand> {
  const { providers, artists, latencyMs, asks } = options
  const world = await openPretendWorld({ providers, artists, seed: 'on demand', crons: true })
  world.sandbox.weather.add({ kind: 'delay', ms: latencyMs })
  const { clock, engine, environment, deps } = world
  const tookMs: number[] = []
  let notDone = 0

  const ask = async ({ id }: Connection) => {
    const askedAt = clock.now()
    const { done } = await engine.refresh(environment.id, id, { waitMs: 30 * second })
    tookMs.push(clock.now() - askedAt)
    if (!done) notDone++
  }

  return world.run(async () => {
    const connections: Connection[] = []
    for (const provider of providers)
      for (const artist of world.artists) connections.push(await world.connect(artist, provider))
    await world.start()
    const asked: Promise<void>[] = []
    for (let n = 0; n < asks; n++) {
      await clock.sleep(second)
      // A step that shares no factor with their number comes by each before it comes by one again.
      asked.push(ask(connections[(n * 7919) % connections.length]!))
    }
    const load = await deps.schedule.load(environment.id, { now: clock.now(), stepMs: second, steps: 1 })
    await Promise.all(asked)
    const behind = load.filter(({ step, waiting }) => step === 0 && !waiting).reduce((sum, { slots }) => sum + slots, 0)
    return { tookMs: tookMs.toSorted((one, other) => one - other), notDone, behind }
  })
}

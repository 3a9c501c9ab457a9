import { type Json, type Page, type Provider, runTime } from '@patchbay/kit'
import { targetOf } from '../../src/engine/catalog/target-of.ts'
import { plainSettings } from '../../src/engine/connect/integration-secrets.ts'
import type { Connection } from '../../src/ports/connections.ts'
import type { PretendWorld } from '../pretend-world.ts'

/**
 * One read of a stream for these accounts from where they stand, beside planner and schedule: through everything that a call goes through, and
 * without storing anything.
 */
export async function readDirectly(
  world: PretendWorld,
  provider: Provider,
  name: string,
  connections: readonly Connection[],
): Promise<Page[]> {
  const { deps, setting, environment, engine, clock } = world
  const own = await targetOf(engine.recent, setting, environment, connections[0]!.id, {
    lane: 'scheduled',
    patienceMs: 3_600_000,
  })
  const http = engine.gateway.http(connections.length === 1 ? own : { ...own, connection: null })
  const places = await deps.records.places(
    environment.id,
    connections.map(({ id }) => ({ connectionId: id, stream: name })),
  )
  const now = clock.now()
  const context = {
    http,
    subjects: connections.map(({ account }, index) => ({ account, cursor: places[index]!.cursor, checkpoint: null })),
    time: runTime(now, http.answeredAt),
    settings: plainSettings(provider, own.integration),
  }
  const pages: Page[] = []
  for await (const chunk of provider.streams[name]!.read(context)) pages.push(...([chunk].flat() as Page<Json>[]))
  return pages
}

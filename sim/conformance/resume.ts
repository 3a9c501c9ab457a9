import assert from 'node:assert/strict'
import type { Artist, Provider } from '@patchbay/kit'
import type { Connection } from '../../src/ports/connections.ts'
import type { Records } from '../../src/ports/records.ts'
import { openPretendWorld, type PretendWorld } from '../pretend-world.ts'
import { withQuotas } from './with-quotas.ts'

/**
 * Kills the reading of every stream at each of its pages, just before the page is stored and just after, lets it go on, and compares what is stored in
 * the end with what an undisturbed reading stored. All of them read the same account at the same time, each for a profile of its own.
 */
export async function checkResume(given: Provider, settings: Readonly<Record<string, string>>): Promise<string> {
  const killer = new Killer()
  // Quotas are another matter.
  const provider = withQuotas(given, () => 1e9)
  const world = await openPretendWorld({
    providers: [provider],
    settings: { [provider.id]: settings },
    artists: 3,
    seed: 'resume',
    wrap: ({ records }) => ({ records: killer.over(records) }),
  })
  const artist = world.artists[1]!
  const undisturbed = await world.run(() => world.connect(artist, provider, { profile: 'undisturbed' }))
  await world.settle({ quietMs: 60_000 })
  const pages = killer.pages(undisturbed.id)
  const most = Math.max(...pages.values())

  // Read once more together with the others, so that all have the numbers of one moment.
  const reference = await world.run(() => world.connect(artist, provider, { profile: 'reference' }))
  const disturbed = await connectDisturbed(world, artist, provider, killer, most)
  await world.settle({ quietMs: 30 * 60_000 })

  const expected = contentOf(await rowsOf(world, reference))
  assert.ok(expected.observations.length > 0)
  for (const { connection, what } of disturbed) {
    const slots = await world.slotsOf(connection)
    assert.deepEqual(
      slots.filter(({ syncedAt }) => syncedAt === null).map(({ stream }) => stream),
      [],
      what,
    )
    assert.deepEqual(contentOf(await rowsOf(world, connection)), expected, what)
  }
  const wanted = 2 * [...pages.values()].reduce((sum, count) => sum + count, 0)
  assert.ok(killer.kills >= wanted, `${killer.kills} of ${wanted} readings were killed`)
  return `${killer.kills} readings killed, each at another page of ${pages.size} streams`
}

async function connectDisturbed(
  world: PretendWorld,
  artist: Artist,
  provider: Provider,
  killer: Killer,
  most: number,
): Promise<{ connection: Connection; what: string }[]> {
  const disturbed: { connection: Connection; what: string }[] = []
  await world.run(async () => {
    for (let page = 1; page <= most; page++)
      for (const when of ['before', 'after'] as const) {
        const what = `killed ${when} page ${page} was stored`
        const profile = `${when}-${page}`
        killer.plans.set(profile, { page, when })
        const connection = await world.connect(artist, provider, { profile })
        killer.plans.set(connection.id, { page, when })
        disturbed.push({ connection, what })
      }
  })
  return disturbed
}

/** Stands before the store and lets a reading die there, once for each stream of a connection that has a plan. */
class Killer {
  readonly plans = new Map<string, { page: number; when: 'before' | 'after' }>()
  readonly #saves = new Map<string, Map<string, number>>()
  kills = 0

  /** Stream → how many pages were stored. */
  pages(connectionId: string): ReadonlyMap<string, number> {
    return this.#saves.get(connectionId) ?? new Map()
  }

  over(records: Records): Records {
    return {
      ...records,
      save: async (environmentId, pages, along) => {
        const dying = new Set<'before' | 'after'>()
        for (const { connectionId, stream } of new Map(pages.map((page) => [page.connectionId, page])).values()) {
          const counts = this.#saves.get(connectionId) ?? new Map<string, number>()
          const nth = (counts.get(stream) ?? 0) + 1
          this.#saves.set(connectionId, counts.set(stream, nth))
          const plan = this.plans.get(connectionId)
          if (plan?.page !== nth) continue
          dying.add(plan.when)
          this.kills++
        }
        if (dying.has('before')) throw new Error('the process was killed before the page was stored')
        const saved = await records.save(environmentId, pages, along)
        if (dying.has('after')) throw new Error('the process was killed after the page was stored')
        return saved
      },
    }
  }
}

async function rowsOf(world: PretendWorld, connection: Connection) {
  const { deps, environment } = world
  const ids = [connection.id]
  const [observations, items, audiences] = await Promise.all([
    world.rowsOf([connection]),
    deps.records.items(environment.id, { connections: ids, limit: 1e6 }),
    deps.records.audiences(environment.id, ids),
  ])
  return { observations, items, audiences }
}

/** Without what differs by connection, run and moment. */
function contentOf({ observations, items, audiences }: Awaited<ReturnType<typeof rowsOf>>) {
  return {
    observations: observations.map(({ connectionId, runId, observedAt, revision, ...content }) => content),
    items: items.map(({ connectionId, firstSeenAt, seenAt, removedAt, ...content }) => ({
      ...content,
      gone: removedAt !== null,
    })),
    audiences: audiences.map(({ connectionId, observedAt, ...content }) => content),
  }
}

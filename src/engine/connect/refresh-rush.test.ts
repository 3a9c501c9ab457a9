import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, minute, second } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { Grant } from '../../ports/grants.ts'
import type { Network } from '../../ports/network.ts'
import type { Slot } from '../../ports/schedule.ts'
import { runDueRefreshes } from './refresh-due.ts'
import { planLife } from './seal-tokens.ts'
import { openTestWorld } from './test-world.ts'

const many = 10_000
/** As the pace is where the provider names none. */
const [limit, perMs] = [600, 30 * second]

/** A token endpoint that takes its time, and remembers when it was asked. */
function tokenEndpoint(clock: { now(): number; sleep(ms: number): Promise<void> }) {
  const arrivals: number[] = []
  const network: Network = {
    async send() {
      arrivals.push(clock.now())
      await clock.sleep(1500)
      const n = arrivals.length
      const body = { access_token: `at_${n}`, refresh_token: `rt_${n}`, expires_in: 3600, token_type: 'bearer' }
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: (async function* () {
          yield Buffer.from(JSON.stringify(body))
        })(),
      }
    },
  }
  return { network, arrivals }
}

test('ten thousand grants that end within a minute are all renewed in time, and never faster than the platform takes', async () => {
  let endpoint: ReturnType<typeof tokenEndpoint> | null = null
  /** By grant: the stores in memory look through everything for each, which a database with its indexes does not. */
  const known = new Map<string, { connection: Connection; slots: Slot[] }>()
  const world = await openTestWorld({
    engines: 2,
    wrap: ({ connections, schedule }) => ({
      connections: {
        ...connections,
        list: async (environmentId, page) => {
          const own = known.get(page.grant ?? '')
          return own ? [own.connection] : connections.list(environmentId, page)
        },
      },
      schedule: {
        ...schedule,
        of: async (environmentId, [id = '']) => [
          ...(known.get(id.replace('con', 'gra'))?.slots ?? (await schedule.of(environmentId, [id]))),
        ],
      },
    }),
    network: (sandbox) => ({ send: (request, signal) => (endpoint?.network ?? sandbox).send(request, signal) }),
  })
  const { clock, stores, vault, environment, provider } = world
  await clock.run(async () => {
    const { connection } = await world.connectAccount()
    const first = await world.grantOf(connection)
    const along = { at: clock.now(), actor: 'system' } as const
    const connectedAt = clock.now()
    const grants: string[] = []
    const [like] = await stores.schedule.of(environment.id, [connection.id])
    for (let n = 0; n < many; n++) {
      const id = `gra_${String(n).padStart(5, '0')}`
      const refreshedAt = connectedAt + Math.round((n / many) * minute)
      const seal = (field: 'access' | 'refresh') =>
        vault.seal(environment.id, { row: id, field, generation: 1 }, `${field}_${n}`)
      const clocks = {
        ...{ refreshedAt, accessExpiresAt: refreshedAt + hour, refreshExpiresAt: null, dataAccessExpiresAt: null },
        refreshable: true,
      }
      const grant: Grant = {
        ...{ ...first, id, generation: 1, subject: { id, name: id } },
        ...{ access: await seal('access'), refresh: await seal('refresh') },
        ...planLife(provider.auth, { id, generation: 1 }, clocks, null),
      }
      await stores.grants.create(grant, along)
      const own: Connection = { ...connection, id: id.replace('gra', 'con'), profileId: id, grantId: id }
      const slot = { ...like!, connectionId: own.id, dueAt: refreshedAt + hour, lane: 'scheduled' } as const
      known.set(id, { connection: { ...own, account: { ...own.account, id } }, slots: [slot] })
      grants.push(id)
    }
    endpoint = tokenEndpoint(clock)
    // Every minute one of the two processes has its turn, whether the run before has ended or not.
    const runs: Promise<number>[] = []
    for (let turn = 0; clock.now() < connectedAt + hour; turn++) {
      const { deps, credentials } = world.engines[turn % 2]!
      runs.push(runDueRefreshes(deps, credentials))
      await clock.sleep(minute)
    }
    await Promise.all(runs)

    const { arrivals } = endpoint
    const late = []
    for (const id of grants) {
      const grant = (await stores.grants.read(environment.id, id))!
      if (grant.generation !== 2 || grant.refreshedAt >= connectedAt + hour) late.push(id)
    }
    assert.deepEqual(late.slice(0, 5), [], `${late.length} late`)
    assert.ok(arrivals.length <= many + 1, 'each grant once')
    for (let n = limit; n < arrivals.length; n++)
      assert.ok(arrivals[n]! - arrivals[n - limit]! >= perMs, `request ${n}`)
    assert.ok(arrivals.at(-1)! < connectedAt + hour - minute, 'with a minute to spare')
    const spreadMs = arrivals.at(-1)! - arrivals[0]!
    assert.ok(spreadMs > 5 * minute, `${spreadMs}`)
  })
})

import { defineStream } from '@patchbay/kit'
import { SimulatedClock } from '../src/drivers/clock/simulated.ts'
import { silentLog } from '../src/drivers/log/silent.ts'
import { openMemoryStores } from '../src/drivers/memory-stores.ts'
import { SeededRandom } from '../src/drivers/random/seeded.ts'
import { catalogOnly } from '../src/engine/definitions/providers.ts'
import { httpOf } from '../src/engine/http/http.ts'
import { openPlanner } from '../src/engine/sync/planner.ts'
import type { SyncDeps } from '../src/engine/sync/run-stream.ts'
import { benchProvider } from './bench-provider.ts'
import { time } from './measure.ts'
import type { Line } from './run.ts'

const connections = 100_000
const apps = 20
/** The first app has sixty in a hundred of them, and the others the rest between them. */
const flood = 60_000
const environmentId = 'env_bench'
const start = Date.parse('2026-11-01T00:00:00Z')
/** As long as every app has some that wait. */
const horizonMs = 60_000

/**
 * A hundred thousand connections are due at once, most of them of one app. How evenly apps are served while all of them have something that waits: Jain's
 * index of what each got, 1 where all got the same. On pretend time, with the planner as it is.
 */
export async function* run(): AsyncIterable<Line> {
  const clock = new SimulatedClock(start)
  const { stores } = openMemoryStores()
  const served = new Map<string, number>()
  const deps: SyncDeps = {
    ...stores,
    ...{ clock, random: new SeededRandom('fairness', clock), log: silentLog, crowd: async () => connections },
    providers: catalogOnly([provider]),
    gateway: {
      http: ({ integration }) =>
        httpOf(
          async () => {
            await clock.sleep(200)
            served.set(integration.id, (served.get(integration.id) ?? 0) + 1)
            return { status: 200, headers: {}, body: null, at: clock.now() }
          },
          { spent: { calls: 1, cost: {} }, answeredAt: () => clock.now() },
        ),
      call: () => Promise.reject(new Error('not in this bench')),
      forward: () => Promise.reject(new Error('not in this bench')),
      flush: async () => {},
      close: async () => {},
      forget: async () => {},
    },
  }
  await fill(deps)
  const ms = await time(() =>
    clock.run(async () => {
      const stop = new AbortController()
      const planning = openPlanner(deps, { concurrency: 40, perIntegration: 4 }).run(stop.signal)
      await clock.sleep(horizonMs)
      stop.abort()
      await planning
    }),
  )
  const counts = Array.from({ length: apps }, (_, app) => served.get(`int_${app}`) ?? 0)
  const all = counts.reduce((sum, count) => sum + count, 0)
  yield { metric: 'due', value: connections, unit: `connections of ${apps} apps, ${flood} of one` }
  yield { metric: 'served', value: all, unit: `in ${horizonMs / 1000} s of pretend time` }
  yield {
    metric: 'jain',
    value: all ** 2 / (apps * counts.reduce((sum, count) => sum + count ** 2, 0)),
    unit: '1 is even',
  }
  yield { metric: 'least', value: Math.min(...counts) / (all / apps), unit: 'of an even share' }
  yield { metric: 'planning', value: ms / all, unit: 'ms a reading' }
}

async function fill({ directory, connections: all, schedule }: SyncDeps): Promise<void> {
  const setUp = { at: start, actor: 'system' } as const
  await directory.saveEnvironment({ id: environmentId, workspace: 'w', mode: 'test', createdAt: start })
  for (let app = 0; app < apps; app++)
    await directory.saveIntegration(
      {
        ...{
          id: `int_${app}`,
          environmentId,
          provider: provider.id,
          name: 'Bench',
          clientId: null,
          clientSecret: null,
        },
        ...{ settings: {}, scopes: [], enabled: true, incident: null, createdAt: start },
      },
      setUp,
    )
  for (let n = 0; n < connections; n++) {
    const integrationId = n < flood ? 'int_0' : `int_${1 + (n % (apps - 1))}`
    const id = `con_${n}`
    await all.create(
      {
        ...{ id, environmentId, profileId: id, provider: provider.id, integrationId, grantId: 'grt', inputs: {} },
        ...{ account: { id, name: id, kind: 'channel' }, state: 'healthy', reason: null, missingScopes: [] },
        ...{ stateAt: start, createdAt: start },
      },
      setUp,
    )
    // The flood came first.
    const times = { everyMs: 86_400_000, dueAt: start - connections + n, lane: 'scheduled', blocked: null } as const
    await schedule.put(environmentId, [
      { connectionId: id, provider: provider.id, integrationId, stream: 'numbers', ...times },
    ])
  }
}

const provider = benchProvider({
  numbers: defineStream({
    summary: 'One number',
    every: '24h',
    metrics: [],
    idleCalls: 1,
    async *read({ http, subjects }) {
      for (const { account } of subjects) {
        await http.get('/numbers')
        yield { account: account.id, cursor: null }
      }
    },
  }),
})

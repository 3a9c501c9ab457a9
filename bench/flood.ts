import { join } from 'node:path'
import { startBenchDatabase } from './bench-database.ts'
import { openChildren } from './child.ts'
import type { Load, Loaded } from './load.ts'
import { median } from './measure.ts'
import type { Caller } from './our-server.ts'
import type { Line } from './run.ts'

const upstreamPort = 4930
const ports = [4931, 4932, 4933, 4934]
const beside = 'env_flood'
/** Of the environment whose calls are measured: so many connections, each asking once in so long. */
const calm = { inFlight: 16, everyMs: 100 }
/** Of the one that floods: a loop that ran away, with one key, as fast as it is answered. */
const flood = { inFlight: 64 }
const warmUpMs = 10_000
const roundMs = 8_000
const rounds = 5

/**
 * Four processes on one database, and one environment whose application asks without end. How long calls through the proxy of another environment take
 * meanwhile, beside those when it is calm. Everything is on one machine, so what the flood costs is missing to all, also what sends it.
 */
export async function* run(): AsyncIterable<Line> {
  const database = await startBenchDatabase()
  const children = openChildren()
  const { start } = children
  try {
    await start('upstream.ts', { port: upstreamPort })
    const dataDir = join(database.folder, 'server')
    const shared = { dataDir, database: database.url, upstream: `http://127.0.0.1:${upstreamPort}` }
    const [first, ...others] = ports.map((port) => ({ ...shared, port }))
    const callers = await (await start('our-server.ts', { ...first, beside })).ask<Caller[]>({})
    for (const other of others) await start('our-server.ts', { ...other, seeded: true })
    const [calmly, flooding] = [await start('load.ts', {}), await start('load.ts', {})]
    const requestsOf = (some: readonly Caller[]) =>
      some.map(({ connection, key }) => ({
        path: `/v1/proxy/${connection}/v1/artists/7`,
        authorization: `Bearer ${key}`,
      }))
    const own = requestsOf(callers.filter(({ environment }) => environment !== beside))
    const theirs = requestsOf(callers.filter(({ environment }) => environment === beside)).slice(0, 1)
    const all = { port: ports, requests: own, expected: '"track_11"' }
    const measure = () => calmly.ask<Loaded>({ ...all, ...calm, ms: roundMs } satisfies Load)
    const overflow = () =>
      flooding.ask<Loaded>({ ...all, ...flood, requests: theirs, expected: null, ms: roundMs } satisfies Load)

    await calmly.ask<Loaded>({ ...all, inFlight: 32, ms: warmUpMs } satisfies Load)
    const idle: Loaded[] = []
    const flooded: Loaded[] = []
    const floods: Loaded[] = []
    for (let round = 0; round < rounds; round++) {
      idle.push(await measure())
      const [meanwhile, over] = await Promise.all([measure(), overflow()])
      flooded.push(meanwhile)
      floods.push(over)
    }
    const unit = `ms, ${calm.inFlight * (1000 / calm.everyMs)} calls/s`
    const of = (which: 'p50Ms' | 'p99Ms') => ({
      idle: median(idle.map((loaded) => loaded[which])),
      flooded: median(flooded.map((loaded) => loaded[which])),
    })
    const [p50, p99] = [of('p50Ms'), of('p99Ms')]
    yield { metric: 'p50_idle_ms', value: p50.idle, unit }
    yield { metric: 'p50_flooded_ms', value: p50.flooded, unit }
    yield { metric: 'p99_idle_ms', value: p99.idle, unit }
    yield { metric: 'p99_flooded_ms', value: p99.flooded, unit }
    const perSecond = median(floods.map((loaded) => loaded.perSecond))
    yield { metric: 'flood', value: perSecond, unit: 'requests/s that were answered, refusals too' }
    yield { metric: 'p99_ratio', value: p99.flooded / p99.idle, unit: 'of idle' }
  } finally {
    await children.stop()
    await database.stop()
  }
}

import { join } from 'node:path'
import { startBenchDatabase } from './bench-database.ts'
import { type Child, startChild } from './child.ts'
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
const roundMs = 8_000
const rounds = 5

/**
 * Four processes on one database, and one environment whose application asks without end. How long calls through the proxy of another environment take
 * meanwhile, beside those when it is calm. Everything is on one machine, so what the flood costs is missing to all, also what sends it.
 */
export async function* run(): AsyncIterable<Line> {
  const database = await startBenchDatabase()
  const started: Child[] = []
  const start = async (file: string, options: object) => {
    const child = await startChild(file, options)
    started.push(child)
    return child
  }
  try {
    await start('upstream.ts', { port: upstreamPort })
    const shared = { database: database.url, upstream: `http://127.0.0.1:${upstreamPort}` }
    let callers: Caller[] = []
    for (const [nth, port] of ports.entries()) {
      const more = nth === 0 ? { beside } : { seeded: true }
      const server = await start('our-server.ts', {
        ...shared,
        port,
        dataDir: join(database.folder, 'server'),
        ...more,
      })
      if (nth === 0) callers = await server.ask<Caller[]>({})
    }
    const [calmly, flooding] = [await start('load.ts', {}), await start('load.ts', {})]
    const requestsOf = (some: readonly Caller[]) =>
      some.map(({ connection, key }) => ({
        path: `/v1/proxy/${connection}/v1/artists/7`,
        authorization: `Bearer ${key}`,
      }))
    const own = requestsOf(callers.filter(({ environment }) => environment !== beside))
    const theirs = requestsOf(callers.filter(({ environment }) => environment === beside)).slice(0, 1)
    const measured = (ms: number) =>
      calmly.ask<Loaded>({ ...calm, ms, port: ports, requests: own, expected: '"track_11"' } satisfies Load)
    const flooded = (ms: number) =>
      flooding.ask<Loaded>({ ...flood, ms, port: ports, requests: theirs, expected: null } satisfies Load)

    await calmly.ask<Loaded>({
      inFlight: 32,
      ms: 10_000,
      port: ports,
      requests: own,
      expected: '"track_11"',
    } satisfies Load)
    const alone: Loaded[] = []
    const beside_: { calm: Loaded; flood: Loaded }[] = []
    for (let round = 0; round < rounds; round++) {
      alone.push(await measured(roundMs))
      const [calmLoad, floodLoad] = await Promise.all([measured(roundMs), flooded(roundMs)])
      beside_.push({ calm: calmLoad, flood: floodLoad })
    }
    const ms = (of: readonly Loaded[], which: 'p50Ms' | 'p99Ms') => median(of.map((loaded) => loaded[which]))
    const during = beside_.map(({ calm }) => calm)
    for (const [name, which] of [
      ['p50', 'p50Ms'],
      ['p99', 'p99Ms'],
    ] as const) {
      yield {
        metric: `${name}_idle_ms`,
        value: ms(alone, which),
        unit: `ms, ${calm.inFlight * (1000 / calm.everyMs)} calls/s`,
      }
      yield { metric: `${name}_flooded_ms`, value: ms(during, which), unit: 'ms, the same beside the flood' }
    }
    yield {
      metric: 'flood',
      value: median(beside_.map(({ flood }) => flood.perSecond)),
      unit: 'requests/s that were answered, refusals too',
    }
    yield { metric: 'p99_ratio', value: ms(during, 'p99Ms') / ms(alone, 'p99Ms'), unit: 'of idle' }
  } finally {
    for (const child of started.reverse()) await child.stop()
    await database.stop()
  }
}

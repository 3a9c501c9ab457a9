import { join } from 'node:path'
import { startBenchDatabase } from './bench-database.ts'
import { openChildren } from './child.ts'
import type { Load, Loaded } from './load.ts'
import { median } from './measure.ts'
import type { Caller, Part } from './our-server.ts'
import type { Line } from './run.ts'

const ports = { upstream: 4910, bare: 4911, ours: 4912 }
const inFlight = 32
const roundMs = 2_000
/** Until everything that is hot is compiled: of ours there is more, and for the first seconds that is most of what is measured. */
const warmUpMs = 10_000
const rounds = 5
const shareRounds = 2

/** A path of our server, and of the bare one, that answer the same question. */
export interface Comparison {
  ours(caller: Caller): string
  bare(caller: Caller): string
  /** What a right answer contains. */
  readonly expected: { readonly ours: string; readonly bare: string }
  /** What to leave out one after the other, to see where the rest of the time goes. */
  readonly parts: readonly Part[]
}

/** Requests a second of the whole server beside those of a bare one, on the same database and upstream, each in a process of its own. */
export async function* compareServers(comparison: Comparison): AsyncIterable<Line> {
  const database = await startBenchDatabase()
  const closers = [() => database.stop()]
  try {
    const upstream = `http://127.0.0.1:${ports.upstream}`
    const { start, stop } = openChildren()
    closers.push(stop)
    await start('upstream.ts', { port: ports.upstream })
    const server = { port: ports.ours, dataDir: join(database.folder, 'server'), database: database.url, upstream }
    const ours = await start('our-server.ts', server)
    await start('bare-server.ts', { port: ports.bare, database: database.url, upstream })
    const load = await start('load.ts', {})
    const callers = await ours.ask<Caller[]>({})

    const run = (which: 'ours' | 'bare', options: { inFlight: number; ms: number }) =>
      load.ask<Loaded>({
        ...options,
        port: ports[which],
        expected: comparison.expected[which],
        requests: callers.map((caller) => ({ path: comparison[which](caller), authorization: `Bearer ${caller.key}` })),
      } satisfies Load)
    const without = (part: Part | null) => ours.ask({ without: part })

    yield* measure(comparison, run, without)
  } finally {
    for (const closer of closers.reverse()) await closer()
  }
}

type Run = (which: 'ours' | 'bare', options: { inFlight: number; ms: number }) => Promise<Loaded>

async function* measure(
  { parts }: Comparison,
  run: Run,
  without: (part: Part | null) => Promise<unknown>,
): AsyncIterable<Line> {
  for (const which of ['bare', 'ours'] as const) await run(which, { inFlight, ms: warmUpMs })
  const bare: Loaded[] = []
  const ours: Loaded[] = []
  for (let round = 0; round < rounds; round++) {
    bare.push(await run('bare', { inFlight, ms: roundMs }))
    ours.push(await run('ours', { inFlight, ms: roundMs }))
  }
  const perSecond = (loads: readonly Loaded[]) => median(loads.map((loaded) => loaded.perSecond))
  const p50Ms = (loads: readonly Loaded[]) => median(loads.map((loaded) => loaded.p50Ms))
  yield { metric: 'bare', value: perSecond(bare), unit: `requests/s, ${inFlight} in flight` }
  yield { metric: 'ours', value: perSecond(ours), unit: `requests/s, ${inFlight} in flight` }
  yield { metric: 'p99', value: median(ours.map(({ p99Ms }) => p99Ms)), unit: `ms, ${inFlight} in flight` }
  yield { metric: 'added_p50_ms', value: p50Ms(ours) - p50Ms(bare), unit: `ms, ${inFlight} in flight` }
  const alone = { inFlight: 1, ms: roundMs / 2 }
  const aloneBare = (await run('bare', alone)).p50Ms
  const aloneOurs = (await run('ours', alone)).p50Ms
  yield { metric: 'added_p50_alone_ms', value: aloneOurs - aloneBare, unit: 'ms, 1 in flight' }

  for (const part of parts) {
    const whole: Loaded[] = []
    const less: Loaded[] = []
    for (let round = 0; round < shareRounds; round++) {
      await without(null)
      whole.push(await run('ours', { inFlight, ms: roundMs }))
      await without(part)
      less.push(await run('ours', { inFlight, ms: roundMs }))
    }
    yield { metric: `share_${part}`, value: 1 - perSecond(whole) / perSecond(less), unit: 'of the time of a request' }
  }
  await without(null)
  yield {
    metric: 'ratio',
    value: median(ours.map((each, round) => each.perSecond / bare[round]!.perSecond)),
    unit: 'of bare',
  }
}

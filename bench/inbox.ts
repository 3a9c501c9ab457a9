import { join } from 'node:path'
import pg from 'pg'
import { startBenchDatabase } from './bench-database.ts'
import { openChildren } from './child.ts'
import { cpuOfDatabase } from './cpu-of-database.ts'
import { cpuUsOf } from './cpu-time.ts'
import type { Load, Loaded } from './load.ts'
import { median, percentile } from './measure.ts'
import { benchSecret } from './our-server.ts'
import type { Line } from './run.ts'

const ports = { upstream: 4919, ours: 4920, bare: 4921 }
const inFlight = 64
const roundMs = 2_000
const warmUpMs = 8_000
const rounds = 5
/** A rate that one process works through as it comes, and one that is ten times as high and more. */
const visible = { inFlight: 2, ms: 4_000 }
const burst = { inFlight, ms: 1_000 }

/**
 * Webhooks that are verified, told apart and committed before they are answered, beside a bare Fastify that does the same with one secret and one table,
 * in groups and one by one. Nobody works them through meanwhile: for how soon they are there for applications a server does both, at a rate that it bears
 * and in a burst. On a machine that does much else, what the processor was needed for says more than how many there were a second.
 */
export async function* run(): AsyncIterable<Line> {
  const database = await startBenchDatabase()
  const children = openChildren()
  const { start } = children
  const dataDir = join(database.folder, 'server')
  const server = { port: ports.ours, dataDir, database: database.url, upstream: `http://127.0.0.1:${ports.upstream}` }
  try {
    await start('upstream.ts', { port: ports.upstream })
    const receiver = await start('our-server.ts', { ...server, roles: 'api' })
    const bare = await start('bare-hooks-server.ts', { port: ports.bare, database: database.url })
    const load = await start('load.ts', {})
    let series = 0
    const paths = { ours: '/hooks/int_env_test_bench', group: '/group', single: '/single' }
    const send = (to: keyof typeof paths, options: { inFlight: number; ms: number }) => {
      const hooks = { path: paths[to], secret: benchSecret, series: `s${series++}`, account: 'acc-1' }
      const port = to === 'ours' ? ports.ours : ports.bare
      return load.ask<Loaded>({ ...options, port, requests: hooks, expected: 'ok' } satisfies Load)
    }
    for (const to of ['group', 'single', 'ours'] as const) await send(to, { inFlight, ms: warmUpMs / 2 })
    const loads = { ours: [] as Costed[], group: [] as Costed[], single: [] as Costed[] }
    for (let round = 0; round < rounds; round++)
      for (const to of ['group', 'ours', 'single'] as const) {
        const computed = () => ({
          server: cpuUsOf((to === 'ours' ? receiver : bare).pid),
          database: cpuOfDatabase(database.folder) ?? 0,
        })
        const before = computed()
        const loaded = await send(to, { inFlight, ms: roundMs })
        const after = computed()
        const count = (loaded.perSecond * roundMs) / 1000
        const each = (part: 'server' | 'database') => (after[part] - before[part]) / count
        loads[to].push({ ...loaded, serverUs: each('server'), databaseUs: each('database') })
      }
    const perSecond = (of: readonly Loaded[]) => median(of.map((loaded) => loaded.perSecond))
    const unit = `messages/s, ${inFlight} connections`
    yield { metric: 'bare_group', value: perSecond(loads.group), unit }
    yield { metric: 'bare_single', value: perSecond(loads.single), unit }
    yield { metric: 'ours', value: perSecond(loads.ours), unit }
    yield {
      metric: 'p99_ack_ms',
      value: median(loads.ours.map(({ p99Ms }) => p99Ms)),
      unit: `ms, ${inFlight} connections`,
    }
    const ratio = (to: 'group' | 'single') =>
      median(loads.ours.map((each, round) => each.perSecond / loads[to][round]!.perSecond))
    const us = (of: readonly Costed[], part: 'serverUs' | 'databaseUs') => median(of.map((each) => each[part]))
    for (const [name, of] of Object.entries(loads)) {
      yield { metric: `${name}_server_us`, value: us(of, 'serverUs'), unit: 'µs of a processor a message' }
      yield { metric: `${name}_database_us`, value: us(of, 'databaseUs'), unit: 'µs of a processor a message' }
    }
    yield { metric: 'vs_single_insert', value: ratio('single'), unit: 'of one insert each' }
    yield { metric: 'ratio', value: ratio('group'), unit: 'of bare' }

    await receiver.stop()
    await forget(database.url)
    await start('our-server.ts', { ...server, seeded: true })
    await send('ours', visible)
    const ms = await visibleAfter(database.url, () => send('ours', visible))
    yield { metric: 'visible_p50_ms', value: percentile(ms, 0.5), unit: `ms, ${ms.length} messages` }
    yield { metric: 'visible_p99_ms', value: percentile(ms, 0.99), unit: `ms, ${ms.length} messages` }
    const burstMs = await visibleAfter(database.url, () => send('ours', burst))
    yield { metric: 'burst_visible_p99_ms', value: percentile(burstMs, 0.99), unit: `ms, ${burstMs.length} messages` }
  } finally {
    await children.stop()
    await database.stop()
  }
}

interface Costed extends Loaded {
  readonly serverUs: number
  readonly databaseUs: number
}

/** What was received for its own sake. */
async function forget(url: string): Promise<void> {
  const sql = new pg.Client({ connectionString: url })
  await sql.connect()
  await sql.query(
    `begin; set local role patchbay_tenant; set local app.environment = 'env_test'; delete from message; commit`,
  )
  await sql.end()
}

/** From when each was received until it was there for applications, in order. */
async function visibleAfter(url: string, work: () => Promise<unknown>): Promise<number[]> {
  const sql = new pg.Client({ connectionString: url, options: '-c role=patchbay_tenant -c app.environment=env_test' })
  await sql.connect()
  try {
    const since = new Date()
    await work()
    for (;;) {
      const { rows } = await sql.query(`select count(*)::integer as count from message where state = 'received'`)
      if (rows[0].count === 0) break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const { rows } = await sql.query(
      `select extract(epoch from r.first_seen_at - m.received_at)::float8 * 1000 as ms
       from record r join message m on m.environment_id = r.environment_id and m.id = r.message_id
       where m.received_at >= $1 order by 1`,
      [since],
    )
    return rows.map(({ ms }) => ms as number)
  } finally {
    await sql.end()
  }
}

import { addDays, at, dayOf, defineStream, listAt, parseJson, readPages } from '@patchbay/kit'
import pg from 'pg'
import { systemClock } from '../src/drivers/clock/system.ts'
import { openPostgresConnections } from '../src/drivers/connections/postgres.ts'
import { migrate } from '../src/drivers/database/migrate.ts'
import { openPostgres } from '../src/drivers/database/postgres.ts'
import { openPostgresDirectory } from '../src/drivers/directory/postgres.ts'
import { openPostgresHistory } from '../src/drivers/history/postgres.ts'
import { openPostgresJournal } from '../src/drivers/journal/postgres.ts'
import { silentLog } from '../src/drivers/log/silent.ts'
import { systemRandom } from '../src/drivers/random/system.ts'
import { openPostgresRecords } from '../src/drivers/records/postgres.ts'
import { openPostgresSchedule } from '../src/drivers/schedule/postgres.ts'
import { openPostgresStreamNotes } from '../src/drivers/stream-notes/postgres.ts'
import { catalogOnly } from '../src/engine/definitions/providers.ts'
import type { Gateway } from '../src/engine/http/gateway.ts'
import { httpOf } from '../src/engine/http/http.ts'
import { runStream, type SyncDeps } from '../src/engine/sync/run-stream.ts'
import { startBenchDatabase } from './bench-database.ts'
import { benchProvider } from './bench-provider.ts'
import { copyInto } from './copy-into.ts'
import { takeTurns, time } from './measure.ts'
import type { Line } from './run.ts'

const pages = 20
const rowsAPage = 1_000
const rounds = 5
const rows = pages * rowsAPage
const environmentId = 'env_bench'

/**
 * Observations a second from the text of an answer to committed rows, place and events, beside an upsert of rows that are ready in a plain table of
 * the same columns and key; then the same pages again, which must write nothing.
 */
export async function* run(): AsyncIterable<Line> {
  const server = await startBenchDatabase()
  await migrate({ connection: server.url, log: silentLog })
  const database = openPostgres({ connection: server.url, log: silentLog, poolSize: 4 })
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    await client.query(plainTables)
    const sync = await openSync(database)
    let round = 0
    const measured = await takeTurns(rounds, {
      patchbay: async () => rows / ((await time(() => sync.read(`con_${++round}`))) / 1000),
      again: async () => rows / ((await time(() => sync.read(`con_${round}`))) / 1000),
      upsert: async () => {
        const ready = columnsOf(`con_${round}`)
        return rows / ((await time(() => upsertPages(client, ready))) / 1000)
      },
      copy: async () => {
        const text = linesOf(`con_${round}`)
        return rows / ((await time(() => copyInto(client, 'copied', text))) / 1000)
      },
    })
    for (const name of ['patchbay', 'upsert', 'copy'])
      yield { metric: name, value: measured[name]!, unit: 'observations/s' }
    yield { metric: 'unchanged', value: measured.again!, unit: 'observations/s' }
    yield* unchanged(client, sync, `con_${round}`)
    yield { metric: 'ratio_copy', value: measured.patchbay! / measured.copy!, unit: 'of COPY' }
    yield { metric: 'ratio', value: measured.patchbay! / measured.upsert!, unit: 'of a bare upsert' }
  } finally {
    await client.end()
    await database.close()
    await server.stop()
  }
}

/** What reading the same pages once more writes: the run, the slot and the place, and no observation. */
async function* unchanged(client: pg.Client, sync: Sync, connection: string): AsyncIterable<Line> {
  const place = async () => (await client.query('select pg_current_wal_lsn() as lsn')).rows[0].lsn
  const before = await place()
  const counts = await sync.read(connection)
  const { rows: found } = await client.query('select pg_wal_lsn_diff($1, $2)::integer as bytes', [
    await place(),
    before,
  ])
  yield { metric: 'unchanged_written', value: counts.inserted + counts.restated, unit: `of ${rows} observations` }
  yield { metric: 'unchanged_wal', value: found[0].bytes / pages, unit: 'bytes a page' }
}

type Sync = Awaited<ReturnType<typeof openSync>>

const start = Date.parse('2026-11-01T00:00:00Z')

/** The engine's reader with real stores, and a platform whose answers are texts in memory. */
async function openSync(database: ReturnType<typeof openPostgres>) {
  const texts = Array.from({ length: pages }, (_, page) => answerText(page))
  const deps: SyncDeps = {
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    directory: openPostgresDirectory(database),
    connections: openPostgresConnections(database),
    records: openPostgresRecords(database),
    schedule: openPostgresSchedule(database),
    journal: openPostgresJournal(database),
    history: openPostgresHistory(database),
    providers: catalogOnly([provider]),
    streamNotes: openPostgresStreamNotes(database),
    gateway: gatewayOf(texts),
    crowd: async () => 1,
  }
  const setUp = { at: start, actor: 'system' } as const
  await deps.directory.saveEnvironment({ id: environmentId, workspace: 'w', mode: 'test', createdAt: start })
  await deps.directory.saveIntegration(
    {
      ...{ id: 'int_bench', environmentId, provider: provider.id, name: 'Bench', clientId: null, clientSecret: null },
      ...{ settings: {}, scopes: [], enabled: true, incident: null, createdAt: start },
    },
    setUp,
  )

  return {
    async read(id: string) {
      await connect(id)
      const now = systemClock.now()
      const claim = systemRandom.id('clm')
      const slots = await deps.schedule.claim({ now, until: now + 120_000, claim, limit: 10 })
      const { provider, integrationId, stream, lane } = slots[0]!
      const group = { environmentId, integrationId, provider, stream, lane, claim, slots }
      const ended = await runStream(deps, group, new AbortController().signal)
      const read = ended!.inserted + ended!.restated + ended!.unchanged
      if (ended!.state !== 'succeeded' || read !== rows) throw new Error(`${ended!.state} with ${read}: ${ended!.says}`)
      return ended!
    },
  }

  async function connect(id: string): Promise<void> {
    const slot = { connectionId: id, provider: provider.id, integrationId: 'int_bench', stream: 'days' }
    const times = { everyMs: 86_400_000, dueAt: start, lane: 'scheduled' as const, blocked: null }
    if (await deps.connections.read(environmentId, id)) {
      const now = systemClock.now()
      await deps.schedule.wake(environmentId, id, { lane: 'scheduled', at: now })
      return
    }
    await deps.connections.create(
      {
        ...{ id, environmentId, profileId: `artist of ${id}`, provider: provider.id, integrationId: 'int_bench' },
        ...{ grantId: 'grt', account: { id: `acc ${id}`, name: id, kind: 'channel' as const }, inputs: {} },
        ...{ state: 'healthy' as const, reason: null, missingScopes: [], stateAt: start, createdAt: start },
      },
      setUp,
    )
    await deps.schedule.put(environmentId, [{ ...slot, ...times }])
  }
}

const metric = 'consumption.views_daily'

const provider = benchProvider({
  days: defineStream({
    summary: 'Views of each video and day',
    every: '24h',
    metrics: [metric],
    idleCalls: pages,
    read: readPages({
      request: () => ({ path: '/days', query: { page: 0 } }),
      next: (body, request) => {
        const next = at(body, 'next')
        return typeof next === 'number' ? { ...request, query: { page: next } } : null
      },
      parse: (body) => ({
        observations: listAt(body, 'rows').map((row) => ({
          metric,
          item: String(at(row, 'video')),
          day: String(at(row, 'day')),
          value: Number(at(row, 'views')),
          native: 'views',
        })),
      }),
    }),
  }),
})

/** Fifty videos of a page, the same twenty days. */
const rowsOf = (page: number) =>
  Array.from({ length: rowsAPage }, (_, n) => ({
    video: `video-${String(page * 50 + Math.floor(n / 20)).padStart(6, '0')}`,
    day: addDays(dayOf(start), -1 - (n % 20)),
    views: 1_000 + ((page * 7_919 + n * 104_729) % 90_000),
  }))

const answerText = (page: number) => JSON.stringify({ rows: rowsOf(page), next: page + 1 < pages ? page + 1 : null })

function gatewayOf(texts: readonly string[]): Gateway {
  const unused = () => Promise.reject(new Error('not in this bench'))
  return {
    http: () =>
      httpOf(
        async ({ query }) => {
          const body = parseJson(texts[Number(query?.page)]!)
          return { status: 200, headers: {}, body, at: systemClock.now() }
        },
        { spent: { calls: 0, cost: {} }, answeredAt: () => systemClock.now() },
      ),
    call: unused,
    forward: unused,
    forget: unused,
    flush: async () => {},
    close: async () => {},
  }
}

const columns = `
  environment_id text not null, connection_id text collate "C" not null, metric text collate "C" not null, item text collate "C" not null,
  dimensions text collate "C" not null, day date not null, timezone text not null, value double precision, reason text,
  provenance text not null, native text not null, version text, final boolean not null, stream text not null,
  observed_at timestamptz not null, run_id text not null, revision integer not null,
  primary key (environment_id, connection_id, metric, item, dimensions, day)`

const plainTables = `create table upserted (${columns}); create table copied (${columns})`

/** By row, in the order of the columns. */
const valuesOf = (connection: string, page: number) =>
  rowsOf(page).map(({ video, day, views }) => [
    ...[environmentId, connection, metric, video, '', day, 'UTC', views, null, 'measured', 'views', null, false],
    ...['days', new Date(start).toISOString(), 'run_bench', 0],
  ])

/** By page, by column: as `unnest` wants them. */
const columnsOf = (connection: string) =>
  Array.from({ length: pages }, (_, page) => {
    const values = valuesOf(connection, page)
    return values[0]!.map((_, column) => values.map((row) => row[column]))
  })

async function upsertPages(client: pg.Client, ready: readonly unknown[][]): Promise<void> {
  for (const values of ready) await client.query({ name: 'upsert', text: upsert, values })
}

const upsert = `
  insert into upserted
  select * from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::text[], $8::float8[], $9::text[], $10::text[], $11::text[], $12::text[],
    $13::boolean[], $14::text[], $15::timestamptz[], $16::text[], $17::integer[])
  on conflict (environment_id, connection_id, metric, item, dimensions, day) do update set
    value = excluded.value, observed_at = excluded.observed_at, run_id = excluded.run_id`

const linesOf = (connection: string) =>
  Array.from({ length: pages }, (_, page) => valuesOf(connection, page))
    .flat()
    .map((row) => `${row.map((value) => (value === null ? '\\N' : value)).join('\t')}\n`)
    .join('')

import {
  type Account,
  type ApiRequest,
  addDays,
  at,
  dayOf,
  defineProvider,
  defineStream,
  type Fault,
  type Json,
  listAt,
  type Observation,
  type Page,
  pageToken,
  readOne,
  readPages,
} from '@patchbay/kit'
import { AlongLog } from '../../drivers/along/memory.ts'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryConnections } from '../../drivers/connections/memory.ts'
import { openMemoryDirectory } from '../../drivers/directory/memory.ts'
import { openMemoryHistory } from '../../drivers/history/memory.ts'
import { openMemoryJournal } from '../../drivers/journal/memory.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import { SeededRandom } from '../../drivers/random/seeded.ts'
import { openMemoryRecords } from '../../drivers/records/memory.ts'
import { openMemorySchedule } from '../../drivers/schedule/memory.ts'
import { openMemoryStreamNotes } from '../../drivers/stream-notes/memory.ts'
import type { Connection } from '../../ports/connections.ts'
import { catalogOnly } from '../definitions/providers.ts'
import type { Gateway } from '../http/gateway.ts'
import type { Target } from '../http/target.ts'
import { openCrowd } from './appetite.ts'
import { runStream, type SyncDeps } from './run-stream.ts'

export const environmentId = 'env_1'
export const start = Date.parse('2026-10-05T12:00:00Z')
const setUp = { at: start, actor: 'system' } as const

/** A platform with three kinds of data, whose numbers a test may change and whose answers it may spoil. */
export class Platform {
  followers = new Map<string, number | string | null>()
  /** Newest first. */
  videos = new Map<string, { id: string; views: number }[]>()
  /** Plays a day, yesterday first. */
  plays = new Map<string, number[]>()
  /** Answers instead; undefined goes on as usual. */
  spoil: (request: ApiRequest, target: Target) => Json | undefined | Promise<undefined> = () => undefined
  readonly requests: { request: ApiRequest; target: Target; at: number }[] = []

  answer({ path, query = {} }: ApiRequest, today: string): Json {
    if (path === '/channels') {
      const ids = query.ids as readonly string[]
      return {
        items: ids.filter((id) => this.followers.has(id)).map((id) => ({ id, followers: this.followers.get(id)! })),
      }
    }
    if (path === '/videos') {
      const all = this.videos.get(String(query.channel)) ?? []
      const from = Number(query.page ?? 0)
      const next = from + 2 < all.length ? String(from + 2) : null
      return { items: all.slice(from, from + 2).map((video) => ({ ...video })), next }
    }
    const days = this.plays.get(String(query.channel)) ?? []
    return { rows: days.map((plays, i) => ({ day: addDays(today, -1 - i), plays })) }
  }
}

export const madeUp = defineProvider({
  id: 'madeup',
  name: 'Made-up',
  category: 'social',
  summary: 'A platform for tests',
  docs: 'https://example.com',
  auth: { scheme: 'api_key', carry: { query: 'key' }, fields: {} },
  api: {
    baseUrl: 'https://api.example.com',
    quotas: [
      {
        id: 'daily',
        per: 'app',
        limit: 10_000,
        window: { day: 'America/Los_Angeles' },
        unit: 'units',
        source: 'made up',
      },
    ],
    errors: { read: () => null, rules: [] },
  },
  identify: () => Promise.reject(new Error('not asked in these tests')),
  emulator: { routes: {} } as never,
  streams: {
    channel: defineStream({
      summary: 'Followers',
      every: '6h',
      quickest: '1h',
      headline: true,
      batch: 3,
      metrics: ['audience.followers'],
      idleCalls: 1 / 3,
      async *read({ http, subjects, time }) {
        const body = await http.get('/channels', { ids: subjects.map(({ account }) => account.id) }, { as: 'app' })
        yield listAt(body, 'items').map(
          (item): Page => ({
            account: String(at(item, 'id')),
            observations: [observation('audience.followers', at(item, 'followers'), time.asOf())],
            cursor: null,
          }),
        )
      },
    }),
    videos: defineStream({
      summary: 'Videos and their views',
      every: '24h',
      scopes: ['videos.read'],
      metrics: ['consumption.views'],
      items: ['video'],
      idleCalls: 3,
      read: readPages({
        request: ({ account, cursor }) => ({
          path: '/videos',
          query: { channel: account.id, since: cursor as string },
        }),
        next: pageToken('next', 'page'),
        parse: (body, _subject, { time }) => ({
          items: listAt(body, 'items').map((video) => ({
            kind: 'video',
            id: String(at(video, 'id')),
            title: 'A video',
          })),
          observations: listAt(body, 'items').map((video) => ({
            ...observation('consumption.views', at(video, 'views'), time.asOf()),
            item: String(at(video, 'id')),
          })),
          cursor: at(body, 'items', 0, 'id') as Json,
        }),
      }),
    }),
    daily: defineStream({
      summary: 'Plays of each day',
      every: '24h',
      metrics: ['consumption.views_daily'],
      restatesDays: 3,
      idleCalls: 1,
      read: readOne({
        request: ({ account }) => ({ path: '/daily', query: { channel: account.id } }),
        parse: (body) => ({
          observations: listAt(body, 'rows').map((row) =>
            observation('consumption.views_daily', at(row, 'plays'), String(at(row, 'day'))),
          ),
        }),
      }),
    }),
  },
})

/** As careless as provider code may be: the engine checks what comes of it. */
const observation = (metric: Observation['metric'], value: unknown, day: string): Observation => ({
  metric,
  value: value as number,
  day,
  native: metric,
})

type Stores = Pick<
  SyncDeps,
  'directory' | 'connections' | 'records' | 'schedule' | 'streamNotes' | 'journal' | 'history'
>

function inMemory(along: AlongLog): Stores {
  const [journal, connections] = [openMemoryJournal(along), openMemoryConnections(along)]
  return {
    directory: openMemoryDirectory(along),
    connections,
    records: openMemoryRecords(along),
    schedule: openMemorySchedule(),
    streamNotes: openMemoryStreamNotes(along),
    journal,
    history: openMemoryHistory({ journal, connections }),
  }
}

/** The engine's stores, one environment with two apps of the made-up platform, and time that moves by itself. */
export async function openTestWorld(stores?: (clock: SimulatedClock) => Stores) {
  const clock = new SimulatedClock(start)
  const random = new SeededRandom('sync', clock)
  const log = openCapturedLog()
  const along = new AlongLog()
  const platform = new Platform()
  const used = stores?.(clock) ?? inMemory(along)
  const deps: SyncDeps = {
    clock,
    random,
    log,
    ...used,
    providers: catalogOnly([madeUp]),
    gateway: openTestGateway(platform, clock),
    crowd: openCrowd({ connections: used.connections, clock }),
  }
  await deps.directory.saveEnvironment({ id: environmentId, workspace: 'w', mode: 'test', createdAt: start })
  for (const id of ['int_1', 'int_2']) await deps.directory.saveIntegration(integration(id), setUp)
  return { clock, random, log, along, platform, deps, connect, runDue, stored }

  async function connect(
    id: string,
    options: { account?: string; integration?: string; streams?: string[]; profile?: string } = {},
  ) {
    const account: Account = { id: options.account ?? id.replace('con', 'acc'), name: id, kind: 'channel' }
    const connection: Connection = {
      id,
      environmentId,
      profileId: 'nova',
      provider: madeUp.id,
      integrationId: options.integration ?? 'int_1',
      grantId: `grt_${id}`,
      account,
      inputs: {},
      state: 'pending',
      reason: null,
      missingScopes: [],
      stateAt: start,
      createdAt: start,
    }
    const made = { ...connection, profileId: options.profile ?? `nova ${id}` }
    await deps.connections.create(made, setUp)
    await deps.schedule.put(
      environmentId,
      (options.streams ?? ['channel']).map((stream) => ({
        connectionId: id,
        provider: madeUp.id,
        integrationId: connection.integrationId,
        stream,
        everyMs: stream === 'channel' ? 6 * 3_600_000 : 24 * 3_600_000,
        dueAt: clock.now(),
        lane: 'scheduled' as const,
        blocked: null,
      })),
    )
    if (!platform.followers.has(account.id)) platform.followers.set(account.id, 100)
    return made
  }

  /** Claims what is due, and what comes due within `aheadMs`, and reads it: one run an integration and stream. */
  async function runDue(options: { aheadMs?: number; deps?: SyncDeps; stop?: AbortSignal; claim?: string } = {}) {
    const { aheadMs = 0, deps: used = deps, stop = new AbortController().signal } = options
    const claim = options.claim ?? random.id('clm')
    const now = clock.now()
    const slots = await used.schedule.claim({ now: now + aheadMs, until: now + 120_000, claim, limit: 100 })
    const runs = []
    for (const own of Map.groupBy(slots, ({ integrationId, stream }) => `${integrationId} ${stream}`).values()) {
      const { integrationId, provider, stream, lane } = own[0]!
      runs.push(
        (await runStream(used, { environmentId, integrationId, provider, stream, lane, claim, slots: own }, stop))!,
      )
    }
    return runs
  }

  /** Everything that was read, without what differs from run to run. */
  async function stored() {
    const connections = (await deps.connections.list(environmentId, { limit: 1000 })).map(({ id }) => id)
    const metrics = ['audience.followers', 'consumption.views', 'consumption.views_daily']
    const read = async (item?: string) =>
      (await deps.records.series(environmentId, { connections, metrics, limit: 10_000, item })).map(
        ({ runId: _, observedAt: __, ...row }) => row,
      )
    const items = await deps.records.items(environmentId, { connections, limit: 1000 })
    const keys = connections.flatMap((connectionId) =>
      Object.keys(madeUp.streams).map((stream) => ({ connectionId, stream })),
    )
    return {
      accounts: await read(),
      items: await read('*'),
      list: items.map(({ connectionId, id, title, removedAt }) => ({ connectionId, id, title, removedAt })),
      places: (await deps.records.places(environmentId, keys)).map(({ savedAt: _, ...place }) => place),
    }
  }
}

export type TestWorld = Awaited<ReturnType<typeof openTestWorld>>

const integration = (id: string) => ({
  id,
  environmentId,
  provider: madeUp.id,
  name: 'App',
  clientId: 'client',
  clientSecret: null,
  settings: {},
  scopes: [],
  enabled: true,
  incident: null,
  createdAt: start,
})

/** Answers take 200 ms. */
function openTestGateway(platform: Platform, clock: SimulatedClock): Gateway {
  const call: Gateway['call'] = async (target, request, signal) => {
    platform.requests.push({ request, target, at: clock.now() })
    await clock.sleep(200, signal)
    const spoiled = await platform.spoil(request, target)
    const body = spoiled === undefined ? platform.answer(request, dayOf(clock.now())) : spoiled
    return { status: 200, headers: {}, body, at: clock.now() }
  }
  return {
    call,
    forget: async () => {},
    http(target, signal) {
      const spent = { calls: 0, cost: {} }
      let answered: number | null = null
      const send = async (request: ApiRequest) => {
        spent.calls++
        const answer = await call(target, request, signal)
        answered = answer.at
        return answer
      }
      const get = async (path: string, query?: ApiRequest['query'], more?: object) =>
        (await send({ path, query, ...more })).body
      return Object.assign(send, { get, spent, answeredAt: () => answered })
    },
    forward: () => Promise.reject(new Error('not in these tests')),
    async flush() {},
    async close() {},
  }
}

/** Fails so many times, then answers. */
export function failing(times: number, fault: () => Fault): Platform['spoil'] {
  let left = times
  return () => {
    if (left-- > 0) throw fault()
    return undefined
  }
}

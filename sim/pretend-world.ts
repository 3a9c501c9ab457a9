import { type Artist, type Day, dayMs, hour, minute, type Provider, second } from '@patchbay/kit'
import type { Replay } from '../sandbox/replay.ts'
import { openSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { SimulatedClock } from '../src/drivers/clock/simulated.ts'
import { openMemoryJobs } from '../src/drivers/jobs/memory.ts'
import { openFixedKeys } from '../src/drivers/keys/fixed.ts'
import { openMemoryLimiter } from '../src/drivers/limiter/memory.ts'
import { openCapturedLog } from '../src/drivers/log/captured.ts'
import { openMemoryStores } from '../src/drivers/memory-stores.ts'
import { openCapturedMessenger } from '../src/drivers/messenger/captured.ts'
import { SeededRandom } from '../src/drivers/random/seeded.ts'
import { openCapturedReceivers } from '../src/drivers/receivers/captured.ts'
import { openMemoryResponseCache } from '../src/drivers/response-cache/memory.ts'
import { integrationIdOf } from '../src/engine/connect/start-integrations.ts'
import { catalogOnly } from '../src/engine/definitions/providers.ts'
import type { Deps, Setting } from '../src/engine/deps.ts'
import { type Engine, openEngine } from '../src/engine/engine.ts'
import type { Connection } from '../src/ports/connections.ts'
import type { Environment } from '../src/ports/directory.ts'
import type { Keys } from '../src/ports/keys.ts'
import { readBody, type WireRequest } from '../src/ports/network.ts'
import type { StoredObservation } from '../src/ports/records.ts'
import { deliver } from './deliver-message.ts'

export interface PretendWorldOptions {
  readonly providers: readonly Provider[]
  readonly seed?: string
  readonly artists?: number
  readonly startAt?: number
  /** First day with numbers. */
  readonly since?: Day
  /** Over those of the sandbox's own apps, by provider: `{ acme: { mode: 'dev' } }`. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly replay?: Replay
  /** Stands between the engine and its stores. */
  readonly wrap?: (deps: Deps, sandbox: Sandbox) => Partial<Deps>
  /**
   * Fires what is due by the minute and by the hour, as `jobs` would, and has the platforms confirm what is subscribed. Off when absent: callers renew
   * their tokens by themselves.
   */
  readonly crons?: boolean
  readonly ledgerSize?: number
  /** Keys that anybody can guess when absent, which never change. */
  readonly keys?: Keys
  /** Instead of one of its own, where something else moves the same time. */
  readonly clock?: SimulatedClock
}

/** How a person answers on the consent page. */
export interface ConsentOptions {
  /** The artist's own when absent. */
  readonly profile?: string
  /** Permissions whose boxes are not ticked. */
  readonly withhold?: readonly string[]
  /** An existing connection that is to be renewed. */
  readonly reconnect?: string
  /** Typed in instead of what is right. */
  readonly answers?: Readonly<Record<string, string>>
}

/**
 * All of Patchbay in one process on one clock and one seed: the engine over memory drivers, the sandbox as its network. Nothing waits for real, and
 * the same seed gives the same run. Time moves inside `run` and `settle` only.
 */
export async function openPretendWorld(options: PretendWorldOptions) {
  const { providers, seed = 'pretend', artists = 8, startAt = Date.parse('2026-11-20T18:30:00Z') } = options
  const chance = new SeededRandom(`${seed}/ranks`, { now: () => startAt })
  const clock = options.clock ?? new SimulatedClock(startAt, { rank: () => chance.unit() })
  const settings = Object.fromEntries(
    providers.map((provider) => [provider.id, { ...sandboxSettings(provider), ...options.settings?.[provider.id] }]),
  )
  const { since, replay, ledgerSize } = options
  /** What the sandbox's platforms send to us. Set when there is an engine. */
  let hooks: Engine['hooks'] | null = null
  const outside = { send: (request: WireRequest) => deliver(hooks, request) }
  const sandbox = openSandbox({ providers, clock, seed, artists, since, settings, replay, ledgerSize, outside })
  const environment: Environment = { id: 'env_test', workspace: 'default', mode: 'test', createdAt: startAt }
  const log = openCapturedLog()
  const jobs = openMemoryJobs(clock)
  const crons = new Map<string, string>()
  const { along, stores } = openMemoryStores()
  const plain: Deps = {
    ...stores,
    messenger: openCapturedMessenger(),
    receivers: openCapturedReceivers(),
    clock,
    log,
    random: new SeededRandom(seed, clock),
    networks: { test: sandbox, live: unreachable },
    keys: options.keys ?? openFixedKeys(),
    limiter: openMemoryLimiter(),
    responses: openMemoryResponseCache(),
    jobs: { ...jobs, cron: async (queue, expression) => void crons.set(queue, expression) },
  }
  const deps: Deps = { ...plain, ...options.wrap?.(plain, sandbox) }
  const setting: Setting = { providers: catalogOnly(providers), publicUrl }
  const engine = await openEngine(deps, setting, {
    works: true,
    planner: { pollMs: minute },
    inbox: { pollMs: minute },
    sender: 'none',
  })
  hooks = engine.hooks
  await deps.directory.saveEnvironment(environment)
  await engine.ensureIntegrations(environment, Object.fromEntries(providers.map(({ id }) => [id, appOf(sandbox, id)])))
  const { connect } = engine
  let started = false

  /** Does `work` with time moving. */
  const run = <T>(work: () => Promise<T>, limitMs = 400 * dayMs): Promise<T> => clock.run(work, { limitMs })

  async function start(): Promise<void> {
    if (started) return
    started = true
    await engine.start()
    if (!options.crons) return
    void runCrons()
    void sandbox.postbox.run(new AbortController().signal, { questionsOnly: true })
  }

  async function runCrons(): Promise<void> {
    for (let times = 1; ; times++) {
      await clock.sleep(cronsMs)
      for (const [queue, expression] of crons)
        if (expression.startsWith('* ') || times % (hour / cronsMs) === 0) await jobs.fire(queue)
    }
  }

  /** Lets everything be read that is due, and waits for quotas to do so, until nothing more is due within `quietMs`. */
  async function settle({ quietMs = 10 * minute, limitMs = 60 * dayMs } = {}): Promise<void> {
    await run(async () => {
      await start()
      for (;;) {
        const next = await deps.schedule.nextDueAt()
        const waitMs = next === null ? Number.POSITIVE_INFINITY : next - clock.now()
        if (engine.planner?.running === 0 && waitMs > quietMs) return
        await clock.sleep(Math.max(second, Math.min(waitMs, quietMs)))
      }
    }, limitMs)
  }

  /** The whole way of one account: invitation, consent page, its answer, callback. Throws when it does not end in connections. */
  async function connectAccount(artist: Artist, provider: Provider, how: ConsentOptions = {}): Promise<Connection> {
    let ended = await walk(artist, provider, how)
    // When everybody connects at once the app's quota runs out, and a person comes back a minute later.
    for (let times = 0; 'fault' in ended && ended.fault === 'provider.throttled' && times < 5; times++) {
      await clock.sleep(minute)
      ended = await walk(artist, provider, how)
    }
    if (!('connectionIds' in ended)) throw new Error(`${provider.id}, ${artist.key}: ${ended.fault} ${ended.says}`)
    return (await deps.connections.read(environment.id, ended.connectionIds[0]!))!
  }

  async function walk(artist: Artist, provider: Provider, how: ConsentOptions) {
    const integrationId = integrationIdOf(environment.id, provider.id)
    const session = how.reconnect
      ? await connect.createReconnectSession(environment, how.reconnect, {})
      : await connect.createSession(environment, {
          profile: { id: how.profile ?? artist.key, name: artist.name },
          integrations: [integrationId],
        })
    const { account, credentials } = sandbox.personas.persona(provider, artist)
    const answers = { ...(how.reconnect ? {} : account.inputs), ...credentials, ...how.answers }
    const begun = await connect.begin({ token: session.token, cookie: null }, integrationId, answers)
    if (begun.result) return begun.result
    const query = await consent(begun.redirect, artist, how.withhold ?? [])
    return (await connect.callback(integrationId, query, begun.cookie)).result
  }

  /** What the browser does on the consent page, down to the boxes on it. Returns the query that it comes back with. */
  async function consent(
    redirect: string,
    artist: Artist,
    withhold: readonly string[],
  ): Promise<Record<string, string>> {
    const [page, query] = redirect.split('?')
    const shown = await sandbox.send({ method: 'GET', url: `${redirect}&persona=${artist.key}`, headers: {} })
    const html = Buffer.from(await readBody(shown)).toString()
    if (shown.status !== 200) throw new Error(`the consent page answered ${shown.status}`)
    const boxes = [...html.matchAll(/<input[^>]*name="scope"[^>]*value="([^"]*)"/g)].map(([, scope]) => scope!)
    const form = new URLSearchParams({ persona: artist.key, decision: 'allow', boxes: '1' })
    for (const scope of boxes) if (!withhold.includes(scope)) form.append('scope', scope)
    const answer = await sandbox.send({
      method: 'POST',
      url: `${page}/decide?${query}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    })
    return Object.fromEntries(new URL(answer.headers.location!).searchParams)
  }

  /** Everything that is stored about accounts or about items, ordered by connection, metric, item, dimensions and day. */
  async function rowsOf(connections: readonly Connection[]): Promise<StoredObservation[]> {
    const wanted = { connections: connections.map(({ id }) => id), metrics: [], limit: Number.MAX_SAFE_INTEGER }
    const [ofAccounts, ofItems] = await Promise.all([
      deps.records.series(environment.id, wanted),
      deps.records.series(environment.id, { ...wanted, item: '*' }),
    ])
    return [...ofAccounts, ...ofItems]
  }

  return {
    ...{ clock, sandbox, environment, engine, deps, setting, log, jobs, run, start, settle, rowsOf },
    artists: sandbox.world.artists,
    along,
    connect: connectAccount,
    /** The same without another try: how it ended. */
    tryToConnect: (artist: Artist, provider: Provider, how: ConsentOptions = {}) => walk(artist, provider, how),
    integrationIdOf: (provider: Provider) => integrationIdOf(environment.id, provider.id),
    connectionNow: async ({ id }: Connection) => (await deps.connections.read(environment.id, id))!,
    slotsOf: async ({ id }: Connection) => deps.schedule.of(environment.id, [id]),
    /** Reads everything of a connection now, whenever it was due. */
    wake: (connection: Connection, streams?: readonly string[]) =>
      engine.wake(environment.id, connection.id, { streams, lane: 'scheduled' }),
    /** Lets time pass with everything that happens in it. */
    passTime: (ms: number) =>
      run(async () => {
        await start()
        await clock.sleep(ms)
      }),
  }
}

export type PretendWorld = Awaited<ReturnType<typeof openPretendWorld>>

/** Every minute would be most of what happens in a simulated month. */
const cronsMs = 5 * minute

const publicUrl = 'http://127.0.0.1:4400'

const unreachable = {
  send: () => Promise.reject(new Error('nothing in a simulation may reach a real host')),
}

/** What the sandbox's own app has for each setting, as a started server would set it up. */
function sandboxSettings(provider: Provider): Record<string, string> {
  const known = Object.entries(provider.settings ?? {}).map(([name, { sandbox, initial }]) => [
    name,
    sandbox ?? initial,
  ])
  return Object.fromEntries(known.filter(([, value]) => value !== undefined))
}

function appOf(sandbox: Sandbox, providerId: string) {
  const { clientId, clientSecret, settings } = sandbox.apps.first(providerId)
  return { clientId, clientSecret: clientSecret ?? undefined, settings }
}

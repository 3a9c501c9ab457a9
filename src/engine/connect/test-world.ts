import assert from 'node:assert/strict'
import { type Account, defineStream, type OAuth2, type Provider, readOne } from '@patchbay/kit'
import { openSandbox, type Sandbox } from '../../../sandbox/sandbox.ts'
import { testProvider } from '../../../sandbox/test-provider.ts'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryJobs } from '../../drivers/jobs/memory.ts'
import { openFixedKeys } from '../../drivers/keys/fixed.ts'
import { openMemoryLimiter } from '../../drivers/limiter/memory.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import { openMemoryStores } from '../../drivers/memory-stores.ts'
import { openCapturedMessenger } from '../../drivers/messenger/captured.ts'
import { SeededRandom } from '../../drivers/random/seeded.ts'
import { openCapturedReceivers } from '../../drivers/receivers/captured.ts'
import { openMemoryResponseCache } from '../../drivers/response-cache/memory.ts'
import type { Connection } from '../../ports/connections.ts'
import type { Environment } from '../../ports/directory.ts'
import type { Network } from '../../ports/network.ts'
import { faultOfEvent } from '../delivery/event-types.ts'
import type { Deps, Setting } from '../deps.ts'
import { openGateway } from '../http/gateway.ts'
import type { Target } from '../http/target.ts'
import { openRecent } from '../recent.ts'
import { openVault } from '../vault/vault.ts'
import { openConnect } from './connect.ts'
import { startConnectJobs } from './connect-jobs.ts'
import { openCredentials } from './credentials.ts'
import { callIncidents } from './integration-incident.ts'
import { integrationIdOf, startIntegrations } from './start-integrations.ts'

export interface WorldOptions {
  readonly auth?: Partial<OAuth2>
  readonly emulator?: Partial<Provider['emulator']>
  readonly provider?: Partial<Provider>
  /** More providers besides the first. */
  readonly others?: readonly Provider[]
  /** How many processes share the stores. */
  readonly engines?: number
  /** Stands between the engines and the sandbox. */
  readonly network?: (sandbox: Sandbox) => Network
  /** Stands between the engines and the stores. */
  readonly wrap?: (deps: Deps) => Partial<Deps>
  readonly returnUrls?: readonly string[]
  readonly seed?: string
  /** Other stores than those in memory. */
  readonly stores?: (clock: SimulatedClock) => Partial<Deps>
}

/** Two streams, of which one needs a permission of its own, and accounts that the platform names. */
export function tuneful(options: Pick<WorldOptions, 'auth' | 'emulator' | 'provider'> = {}): Provider {
  const read = readOne({ request: () => ({ path: '/fans' }), parse: () => ({ cursor: null }) })
  const base = testProvider({
    auth: { refresh: { model: 'rotates', graceMs: 0, source: 'made up' }, ...options.auth },
    emulator: options.emulator,
    api: { quotas: [{ id: 'general', per: 'app', limit: 1e6, window: { rollingMs: 1000 }, source: 'made up' }] },
  })
  return {
    ...base,
    identify: async ({ http }) => {
      const me = (await http.get('/me')) as { id: string; name: string }
      return { subject: { id: `user-${me.id}`, name: me.name }, accounts: [accountOf(me)] }
    },
    streams: {
      profile: defineStream({ summary: 'Profile', every: '1h', headline: true, metrics: [], idleCalls: 1, read }),
      fans: defineStream({ summary: 'Fans', every: '6h', scopes: ['fans'], metrics: [], idleCalls: 1, read }),
    },
    ...options.provider,
  }
}

export const accountOf = ({ id, name }: { id: string; name: string }): Account => ({
  id,
  name,
  handle: `@${id}`,
  kind: 'channel',
})

/** Patchbay's connect part, on one clock, against the sandbox. */
export async function openTestWorld(options: WorldOptions = {}) {
  const clock = new SimulatedClock(Date.parse('2026-03-02T12:00:00Z'))
  const provider = tuneful(options)
  const all = [provider, ...(options.others ?? [])]
  const sandbox = openSandbox({ providers: all, clock, seed: options.seed ?? 'connect', artists: 8 })
  const setting: Setting = {
    providers: new Map(all.map((one) => [one.id, one])),
    publicUrl: 'http://127.0.0.1:4400',
    returnUrls: options.returnUrls,
  }
  const environment: Environment = { id: 'env_test', workspace: 'w', mode: 'test', createdAt: clock.now() }
  const network = options.network?.(sandbox) ?? sandbox
  const jobs = openMemoryJobs(clock)
  const { along, stores: kept } = openMemoryStores()
  const stores = {
    ...kept,
    networks: { test: network, live: network },
    limiter: openMemoryLimiter(),
    responses: openMemoryResponseCache(),
    jobs,
    keys: openFixedKeys(),
    messenger: openCapturedMessenger(),
    receivers: openCapturedReceivers(),
    ...options.stores?.(clock),
  }
  const log = openCapturedLog()
  const openEngine = (n: number) => {
    const random = new SeededRandom(`${options.seed ?? 'connect'}/${n}`, clock)
    const plain: Deps = { ...stores, clock, random, log: log.with({ engine: n }) }
    const { recent, deps } = openRecent<Deps>({ ...plain, ...options.wrap?.(plain) })
    const vault = openVault(deps)
    const credentials = openCredentials(deps, setting, vault, recent)
    const gateway = openGateway(deps, setting, credentials, callIncidents(deps))
    const connect = openConnect(deps, setting, { vault, gateway, credentials, recent })
    return { deps, recent, vault, credentials, gateway, connect }
  }
  const engines = Array.from({ length: options.engines ?? 1 }, (_, n) => openEngine(n))
  const { deps, vault, credentials, gateway, connect } = engines[0]!
  await stores.directory.saveEnvironment(environment)
  await vault.start()
  const apps = Object.fromEntries(all.map(({ id }) => [id, { ...sandboxApp(sandbox, id) }]))
  await startIntegrations(deps, setting, vault, environment, apps)
  const integrationId = integrationIdOf(environment.id, provider.id)
  const artists = sandbox.world.artists

  /** What a browser does on the consent page. Returns the query that it comes back with. */
  const consent = async (redirect: string, artist = 0, scopes?: readonly string[]): Promise<Record<string, string>> => {
    const [page, query] = redirect.split('?')
    const form = new URLSearchParams([
      ['persona', artists[artist]!.key],
      ['decision', 'allow'],
      ...(scopes
        ? [['boxes', '1'] as [string, string], ...scopes.map((scope) => ['scope', scope] as [string, string])]
        : []),
    ])
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await sandbox.send({
      method: 'POST',
      url: `${page}/decide?${query}`,
      headers,
      body: form.toString(),
    })
    return Object.fromEntries(new URL(answer.headers.location!).searchParams)
  }

  const sessionOf = (profile = 'nova') => connect.createSession(environment, { profile: { id: profile } })

  /** As far as the consent page, in a browser of its own. */
  const begin = async (session: { token: string }, cookie: string | null = null, integration = integrationId) =>
    connect.begin({ token: session.token, cookie }, integration, {})

  /** The whole story of one account. */
  const connectAccount = async (
    how: { artist?: number; profile?: string; scopes?: readonly string[]; reconnect?: string } = {},
  ) => {
    const session = how.reconnect
      ? await connect.createReconnectSession(environment, how.reconnect, {})
      : await sessionOf(how.profile)
    const { cookie, redirect } = await begin(session)
    const back = await consent(redirect, how.artist, how.scopes)
    const ended = await connect.callback(integrationId, back, cookie)
    const ids = 'connectionIds' in ended.result ? ended.result.connectionIds : []
    return { session, cookie, ...ended, connection: (await stores.connections.read(environment.id, ids[0] ?? ''))! }
  }

  const targetOf = async (connection: Connection): Promise<Target> => ({
    environment,
    provider,
    integration: (await stores.directory.integration(environment.id, connection.integrationId))!,
    grantId: connection.grantId,
    connection,
    lane: 'scheduled',
    runId: null,
    // No longer than a caller waits for a token, so that the gateway does not ask for one again.
    patienceMs: 5000,
  })

  return {
    ...{ clock, sandbox, setting, environment, provider, stores, jobs, along, log, engines, apps },
    ...{ deps, vault, credentials, gateway, connect, integrationId, artists },
    ...{ consent, sessionOf, begin, connectAccount, targetOf },
    startJobs: async () => {
      await startConnectJobs({ deps, setting, vault, exchange: credentials.exchange, credentials })
      await jobs.start()
    },
    /** Does `work` with time moving. */
    run: <T>(work: () => Promise<T>) => clock.run(work, { limitMs: 500 * 86_400_000 }),
    /** Calls the platform on behalf of a connection, by the n-th process. */
    call: async (connection: Connection, engine = 0, path = '/me') =>
      engines[engine]!.gateway.call(await targetOf(connection), { path }),
    grantOf: async (connection: Connection) => (await stores.grants.read(environment.id, connection.grantId))!,
    connectionOf: async ({ id }: Connection) => (await stores.connections.read(environment.id, id))!,
    /** Token requests of the kind that met the sandbox, oldest first. */
    tokenRequests: () => sandbox.ledger.entries.filter(({ what }) => what === 'token' || what === 'extend'),
    events: () =>
      along.events.map((event) => {
        assert.equal(faultOfEvent(event), null)
        return event.type
      }),
    openTasks: () => along.tasks.filter(({ closedAt }) => closedAt === null).map(({ kind }) => kind),
  }
}

export type TestWorld = Awaited<ReturnType<typeof openTestWorld>>

function sandboxApp(sandbox: Sandbox, providerId: string) {
  const { clientId, clientSecret, settings } = sandbox.apps.first(providerId)
  return { clientId, clientSecret: clientSecret ?? undefined, settings }
}

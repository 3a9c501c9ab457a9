import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Provider } from '@patchbay/kit'
import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import costCards from '../providers/cost-cards.json' with { type: 'json' }
import { openApi, openHealth } from './api/server.ts'
import { type Config, localUrl } from './config.ts'
import { openPeople } from './drivers/people/better-auth.ts'
import { createAccessKey } from './engine/access/access-keys.ts'
import { integrationIdOf } from './engine/connect/start-integrations.ts'
import { catalogOnly } from './engine/definitions/providers.ts'
import type { Deps } from './engine/deps.ts'
import { type Engine, openEngine } from './engine/engine.ts'
import { openDrivers, openLog } from './open-drivers.ts'
import type { Environment } from './ports/directory.ts'
import type { People } from './ports/people.ts'
import { type RunningSandbox, sandboxSettings, startSandbox } from './start-sandbox.ts'

/** What a script needs to go on from a running demo. Written to `demo.json` in the data directory, for its owner's eyes only. */
export interface DemoFile {
  readonly url: string
  readonly consoleUrl: string
  /** Signs the owner in, once. */
  readonly ownerLink: string
  readonly sandboxUrl: string
  readonly testKey: string
  /** The demo's artists were connected, all of them: a start that was broken off goes on where it was. */
  readonly connected: boolean
}

export interface RunningServer {
  readonly engine: Engine
  readonly url: string
  readonly sandboxUrl: string
  readonly people: People
  readonly test: Environment
  /** Null without the demo. */
  readonly demo: DemoFile | null
  /** Begins nothing more, finishes or checkpoints what runs, still answering, and then closes everything. */
  stop(): Promise<void>
}

export interface StartOptions {
  readonly demo: boolean
  /** What stands in for standard error, and for the internet, in tests. */
  readonly log?: ReturnType<typeof openLog>
  readonly networks?: (networks: Deps['networks']) => Deps['networks']
}

const version = (JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as { version: string })
  .version
const consoleFolder = join(import.meta.dirname, '../console/dist')

/** Starts everything one process does: database, sandbox, engine, API. Throws with a sentence for the operator when it cannot. */
export async function startServer(
  asked: Config,
  providers: readonly Provider[],
  options: StartOptions,
): Promise<RunningServer> {
  const config = await withRealPort(asked)
  makeDataDir(config)
  const { log, registerSecret } = options.log ?? openLog(config)
  const closers: (() => Promise<void>)[] = []
  const stop = async () => {
    const failed: unknown[] = []
    // One that cannot close keeps none of the others open.
    for (const closer of closers.splice(0).reverse()) await closer().catch((error) => failed.push(error))
    if (failed.length > 0) throw failed[0]
  }
  try {
    const sandbox = config.sandboxUrl === null ? await ownSandbox(config, providers) : null
    if (sandbox) closers.push(() => sandbox.close())
    const sandboxUrl = config.sandboxUrl ?? sandbox!.url
    const registry = new Registry()
    const drivers = await openDrivers(config, { log, registerSecret, sandboxUrl, registry })
    closers.push(() => drivers.close())

    const engine = await openEngine(
      { ...drivers.deps, networks: options.networks?.(drivers.deps.networks) ?? drivers.deps.networks },
      {
        providers: catalogOnly(providers),
        publicUrl: config.publicUrl,
        returnUrls: config.returnUrls,
        sandboxUrl,
        costCards: new Map(Object.entries(costCards).map(([id, { streams }]) => [id, streams])),
      },
      { works: config.roles.has('worker'), alone: drivers.alone, registerSecret },
    )
    closers.push(() => engine.stop())
    const { test, live } = await ensureEnvironments(engine)
    for (const environment of [test, live]) await engine.channels.ensureConsole(environment)
    await ensureTestIntegrations(engine, test, providers, sandboxUrl)
    await ensureLiveIntegrations(engine, live, config)

    const people = openPeople({
      connection: drivers.databaseUrl,
      publicUrl: config.publicUrl,
      secret: await engine.vault.secretFor('sessions'),
      log,
    })
    closers.push(() => people.close())
    const answersAll = config.roles.has('api')
    const app = answersAll
      ? await openApi(engine, {
          ...{ people, version, registry },
          consoleFiles: existsSync(consoleFolder) ? consoleFolder : null,
        })
      : await openHealth(engine, registry)
    const listening = await listen(app, config, closers)
    const url = answersAll ? listening : config.publicUrl
    // Told to stop, it first finishes what it began. Meanwhile it answers, and says that it is not ready for more.
    closers.push(() => engine.drain())
    await engine.start()
    if (answersAll) await tellSandbox(engine, test, providers, sandboxUrl)

    const demo = options.demo ? await ensureDemoFile(config, { engine, people, test, url, sandboxUrl }) : null
    return { engine, url, sandboxUrl, people, test, demo, stop }
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
}

function makeDataDir({ dataDir }: Config): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code
    throw new Error(
      `The data directory ${dataDir} cannot be made (${why}). Set PATCHBAY_DATA_DIR to a folder that this process may write.`,
      { cause },
    )
  }
}

/** For port 0 a free one, found before anything else starts: redirect addresses and links name it long before the server listens. */
async function withRealPort(config: Config): Promise<Config> {
  if (config.port !== 0) return config
  const port = await new Promise<number>((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, config.host, () => {
      const address = probe.address()
      probe.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0))
    })
  })
  const publicUrl = config.publicUrl === localUrl(config.host, 0) ? localUrl(config.host, port) : config.publicUrl
  return { ...config, port, publicUrl }
}

function ownSandbox(config: Config, providers: readonly Provider[]): Promise<RunningSandbox> {
  return startSandbox({
    providers,
    host: config.host,
    port: config.sandboxPort,
    stateFile: join(config.dataDir, 'sandbox.json'),
    egressAllow: config.egressAllow,
  })
}

/** Of the first workspace's halves. They stay the same, so that every process and every start means the same ones. */
export const environmentIdOf = (mode: Environment['mode']): string => `env_${mode}`

async function ensureEnvironments({ deps }: Engine): Promise<{ test: Environment; live: Environment }> {
  const createdAt = deps.clock.now()
  for (const mode of ['test', 'live'] as const)
    await deps.directory.saveEnvironment({ id: environmentIdOf(mode), workspace: 'default', mode, createdAt })
  const all = await deps.directory.environments()
  return { test: all.find(({ mode }) => mode === 'test')!, live: all.find(({ mode }) => mode === 'live')! }
}

/** The sandbox's own apps, so that everything can be connected in `test` without any set-up. */
async function ensureTestIntegrations(
  engine: Engine,
  test: Environment,
  providers: readonly Provider[],
  sandboxUrl: string,
): Promise<void> {
  const apps = await sandboxApps(sandboxUrl)
  await engine.ensureIntegrations(
    test,
    Object.fromEntries(
      providers.flatMap((provider) => {
        const app = apps.find((one) => one.provider === provider.id)
        return app
          ? [
              [
                provider.id,
                {
                  clientId: app.clientId,
                  clientSecret: app.clientSecret ?? undefined,
                  settings: { ...sandboxSettings(provider), ...app.settings },
                  scopes: webhookScopes(provider),
                },
              ],
            ]
          : []
      }),
    ),
  )
}

/** Nobody's consent is at stake in the sandbox, so its apps ask for what messages need besides what is read. */
function webhookScopes({ webhooks }: Provider): string[] {
  const needed = Object.values(webhooks?.subscription?.kinds ?? {}).filter((scope) => scope !== null)
  return [...new Set(needed)]
}

/** Types our address into the settings of the sandbox's apps, as the owner of an app does at the real platform. It asks the address at once. */
async function tellSandbox(
  engine: Engine,
  test: Environment,
  providers: readonly Provider[],
  sandboxUrl: string,
): Promise<void> {
  for (const provider of providers) {
    const { webhooks } = provider
    if (!webhooks || webhooks.subscription?.confirmedBy === 'handshake') continue
    const word = webhooks.handshakes?.find(({ token }) => token)?.token?.secret
    const url = `${engine.setting.publicUrl}/hooks/${integrationIdOf(test.id, provider.id)}`
    const verifyToken = word === undefined ? '' : (sandboxSettings(provider)[word] ?? '')
    const response = await fetch(`${sandboxUrl}/_sandbox/webhooks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ provider: provider.id, url, verifyToken }),
    })
    // A server of somebody else that keeps the address rule need not have our control addresses.
    if (!response.ok && response.status !== 404)
      engine.deps.log.warn('sandbox.not_told', { provider: provider.id, status: response.status })
  }
}

interface SandboxApp {
  readonly provider: string
  readonly clientId: string
  readonly clientSecret: string | null
  readonly settings: Readonly<Record<string, string>>
}

async function sandboxApps(sandboxUrl: string): Promise<SandboxApp[]> {
  const response = await fetch(`${sandboxUrl}/_sandbox/apps`).catch((cause: unknown) => {
    throw new Error(
      `The sandbox at ${sandboxUrl} does not answer. Start it, or unset PATCHBAY_SANDBOX_URL to use the built-in one.`,
      { cause },
    )
  })
  // A server of somebody else that keeps the address rule need not have our control addresses.
  if (!response.ok) return []
  return ((await response.json()) as { data: SandboxApp[] }).data
}

async function ensureLiveIntegrations(engine: Engine, live: Environment, config: Config): Promise<void> {
  const apps = Object.entries(config.apps).map(
    ([provider, { clientId, clientSecret, ...settings }]) => [provider, { clientId, clientSecret, settings }] as const,
  )
  await engine.ensureIntegrations(live, Object.fromEntries(apps))
}

async function listen(app: FastifyInstance, config: Config, closers: (() => Promise<void>)[]): Promise<string> {
  closers.push(async () => {
    // Requests that run are finished; one that does not end, such as a download that nobody reads, does not keep the server.
    const timer = setTimeout(() => app.server.closeAllConnections(), closeMs)
    // A connection whose request has just ended would be kept open for the next one, which nobody will take.
    const sweep = setInterval(() => app.server.closeIdleConnections(), 100)
    await app.close().finally(() => {
      clearTimeout(timer)
      clearInterval(sweep)
    })
  })
  return app.listen({ host: config.host, port: config.port }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE')
      throw new Error(`Port ${config.port} is taken. Stop what listens there, or set PORT to another one.`)
    throw error
  })
}

/** How long a stop waits for requests that run. */
export const closeMs = 10_000

/** Makes the demo's key and file once; the owner link is made anew whenever the old one was used. */
async function ensureDemoFile(
  config: Config,
  running: { engine: Engine; people: People; test: Environment; url: string; sandboxUrl: string },
): Promise<DemoFile> {
  const path = join(config.dataDir, 'demo.json')
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as DemoFile) : null
  const demo: DemoFile = {
    url: running.url,
    consoleUrl: `${running.url}/console/`,
    ownerLink: await running.people.ownerLink(),
    sandboxUrl: running.sandboxUrl,
    testKey:
      before?.testKey ??
      (await createAccessKey(running.engine.deps, running.test, { name: 'demo', scopes: ['*'] })).text,
    connected: before?.connected ?? false,
  }
  writeDemoFile(config, demo)
  return demo
}

/** For its owner's eyes only. */
export function writeDemoFile({ dataDir }: Pick<Config, 'dataDir'>, demo: DemoFile): void {
  const path = join(dataDir, 'demo.json')
  writeFileSync(path, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 })
  chmodSync(path, 0o600)
}

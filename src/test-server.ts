import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Provider } from '@patchbay/kit'
import { type Client, openPatchbay } from '@patchbay/sdk'
import pg from 'pg'
import * as catalog from '../providers/index.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { walkConsent } from './cli/walk-consent.ts'
import { readConfig } from './config.ts'
import { readTraces } from './drivers/along/test-traces.ts'
import { openTestDatabase, type TestDatabase } from './drivers/database/test-database.ts'
import { openPinoLog } from './drivers/log/pino-log.ts'
import { openRedactor } from './drivers/log/redactor.ts'
import { createAccessKey } from './engine/access/access-keys.ts'
import { faultOfEvent } from './engine/delivery/event-types.ts'
import type { Environment } from './ports/directory.ts'
import { sandboxSettings, startSandbox } from './start-sandbox.ts'
import { type RunningServer, type StartOptions, startServer } from './start-server.ts'

export const providers: readonly Provider[] = Object.values(catalog)

/** A platform with a consent page, several scopes and a place to give tokens back; and one with a key and a form. */
export const consentProvider = providers.find(
  ({ auth }) => auth.scheme === 'oauth2' && auth.revokeUrl !== undefined && auth.scopes.always.length > 1,
)!
export const keyProvider = providers.find(({ auth }) => auth.scheme === 'api_key')!

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Null when it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly json: any
}

export interface Asking {
  /** The `test` environment's key with every scope when absent; null for none. */
  readonly key?: string | null
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

export type TestServer = Awaited<ReturnType<typeof startTestServer>>

/**
 * The whole server in this process: a database of its own, the sandbox, ports that nobody else has, and two environments that lead to the sandbox, of which
 * neither may know of the other. Everything that is answered and logged is kept, to be searched for what must not be in it.
 */
export async function startTestServer(
  options: {
    /** Stands between the server and its sandbox. */
    front?: (sandboxUrl: string) => Promise<{ url: string; close(): Promise<void> }>
    /** Stands between the server and its database. */
    way?: (databaseUrl: string) => Promise<{ url: string; close(): Promise<void> }>
    env?: (sandbox: Sandbox) => Record<string, string>
    networks?: StartOptions['networks']
  } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-test-'))
  const database = await openTestDatabase()
  const sandbox = await startSandbox({ providers, host: '127.0.0.1', port: 0, artists: 24, seed: 'api' })
  const front = await options.front?.(sandbox.url)
  const way = await options.way?.(database.url)
  const lines: string[] = []
  const redactor = openRedactor()
  const log = openPinoLog({ redactor, level: 'debug', write: (line) => lines.push(line) })
  const config = readConfig(
    {
      ...{ PORT: '0', DATABASE_URL: way?.url ?? database.url, PATCHBAY_DATA_DIR: folder },
      ...{ PATCHBAY_SANDBOX_URL: front?.url ?? sandbox.url, PATCHBAY_ENCRYPTION_KEY: '5a'.repeat(32) },
      ...options.env?.(sandbox.sandbox),
    },
    {
      cwd: folder,
      settings: Object.fromEntries(providers.map(({ id, settings }) => [id, Object.keys(settings ?? {})])),
    },
  )
  const server = await startServer(config, providers, {
    demo: false,
    log: { log, registerSecret: (secret) => redactor.registerSecret(secret) },
    networks: options.networks,
  })
  const { engine } = server
  const other = await secondEnvironment(server, sandbox.sandbox)
  const live = (await engine.deps.directory.environments()).find(({ mode }) => mode === 'live')!
  const keyOf = async (environment: Environment, scopes: readonly string[]) =>
    (await createAccessKey(engine.deps, environment, { name: scopes.join(' '), scopes })).text
  const keys = {
    test: await keyOf(server.test, ['*']),
    other: await keyOf(other, ['*']),
    live: await keyOf(live, ['*']),
  }
  const transcript: string[] = []

  /** One request, its answer read to the end and written down. */
  async function ask(method: string, path: string, { key = keys.test, body, headers = {} }: Asking = {}) {
    const sent = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
    const response = await fetch(new URL(path, server.url), {
      method,
      redirect: 'manual',
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: sent,
    })
    const text = await response.text()
    transcript.push(`${[...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')}\n\n${text}`)
    const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson && text !== '' ? JSON.parse(text) : null,
    } as Answer
  }

  const client = (key: string = keys.test): Client => openPatchbay({ url: server.url, key })

  return {
    ...{ server, engine, url: server.url, sandbox: sandbox.sandbox, sandboxUrl: front?.url ?? sandbox.url },
    ...{ environments: { test: server.test, other, live }, keys, lines, transcript, database, config },
    ...{ ask, client, keyOf },

    /** Connects an artist's account as its owner would, and waits until its first numbers were read. */
    async connect(
      provider: Provider,
      { artist = 0, profile = 'nova', key = keys.test, integration = provider.id, send = fetch as typeof fetch } = {},
    ) {
      const api = client(key)
      const persona = sandbox.sandbox.world.artists[artist]!
      const { account, credentials } = sandbox.sandbox.personas.persona(provider, persona)
      const session = await api.connectSessions.create({
        profile: { id: profile, name: persona.name },
        integrations: [integration],
      })
      await walkConsent(session.url, { persona: persona.key, inputs: { ...account.inputs, ...credentials }, send })
      const { state, connections, says } = await api.connectSessions.read({ id: session.id })
      if (state !== 'done')
        throw new Error(`${provider.id} was not connected: ${state} ${says}\n${lines.slice(-5).join('')}`)
      const id = connections[0]!
      await until(async () => (await api.connections.read({ id })).state !== 'pending')
      return api.connections.read({ id })
    },

    /** As if every token had been given out a minute ago: one that is seconds old may just not be known everywhere yet. */
    async ageGrants() {
      await database.database.tenant(server.test.id, (sql) =>
        sql(`update account_grant set refreshed_at = refreshed_at - interval '1 minute'`),
      )
    },

    /** Every row of every table of the database as text, whoever may see it. */
    dump: () => dumpText(database, [server.test.id, other.id, live.id]),

    async stop() {
      await front?.close()
      await server.stop()
      await way?.close()
      await sandbox.close()
      for (const { id } of [server.test, other, live]) await checkEvents(database, id)
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Everything that was told looks as the catalogue says. */
async function checkEvents({ database }: TestDatabase, environmentId: string): Promise<void> {
  const { events } = await readTraces(database, environmentId)
  const faults = events.map(faultOfEvent).filter((fault) => fault !== null)
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

/** Another team's, on the same server and before the same sandbox. */
async function secondEnvironment({ engine }: RunningServer, sandbox: Sandbox): Promise<Environment> {
  const environment: Environment = {
    ...{ id: 'env_other', workspace: 'other', mode: 'test' },
    createdAt: engine.deps.clock.now(),
  }
  await engine.deps.directory.saveEnvironment(environment)
  const apps = providers.map((provider) => {
    const { clientId, clientSecret, settings } = sandbox.apps.first(provider.id)
    return [
      provider.id,
      { clientId, clientSecret: clientSecret ?? undefined, settings: { ...sandboxSettings(provider), ...settings } },
    ] as const
  })
  await engine.ensureIntegrations(environment, Object.fromEntries(apps))
  return environment
}

export async function until(works: () => boolean | Promise<boolean>, patienceMs = 20_000): Promise<void> {
  const startedAt = performance.now()
  while (!(await works())) {
    if (performance.now() - startedAt > patienceMs) throw new Error(`not within ${patienceMs} ms: ${works}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

/** Reads all that a connection has, so that nothing is read for the first time between two looks that are compared. */
export async function readAll(api: Client, id: string): Promise<void> {
  await api.connections.sync({ id })
  await until(async () =>
    (await api.connections.streams({ id })).data.every(({ state, blocked }) => state === 'on_time' || blocked !== null),
  )
}

async function dumpText({ url }: TestDatabase, environmentIds: readonly string[]): Promise<Map<string, string>> {
  const sql = new pg.Client({ connectionString: url })
  await sql.connect()
  try {
    const dump = new Map<string, string>()
    const { rows: tables } = await sql.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    )
    // Tenant tables show their rows to a tenant only, others to the system or to their owner.
    const roles = [...environmentIds.map((id) => `set local role patchbay_tenant; set local app.environment = '${id}'`)]
    for (const { name } of tables) {
      const rows = new Set<string>()
      for (const role of [...roles, 'set local role patchbay_system', 'select 1']) {
        await sql.query(`begin; ${role}`)
        const found = await sql.query<{ row: string }>(`select t::text as row from ${name} t`).catch(() => null)
        await sql.query('rollback')
        for (const { row } of found?.rows ?? []) rows.add(row)
      }
      dump.set(name, [...rows].join('\n'))
    }
    return dump
  } finally {
    await sql.end()
  }
}

/** Where a secret stands in a text, in any of the forms in which it could: as it is, percent-encoded, base64, hex. */
export function findSecret(text: string, secret: string): string | null {
  const bytes = Buffer.from(secret)
  // Base64 of something inside of something longer begins at one of three places; what all have in common is its middle.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(shift === 0 ? 0 : shift + 1, -4),
  )
  const forms = [
    secret,
    encodeURIComponent(secret),
    bytes.toString('hex'),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
    bytes.toString('utf16le'),
  ]
  const form = forms.find((one) => one.length >= 8 && text.includes(one))
  return form === undefined ? null : text.slice(Math.max(0, text.indexOf(form) - 80), text.indexOf(form) + 20)
}

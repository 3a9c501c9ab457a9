import {
  at,
  defineProvider,
  defineWebhooks,
  header,
  hmac,
  oauth2,
  type Provider,
  type WebhookEvent,
} from '@patchbay/kit'
import { readConfig } from '../src/config.ts'
import { openMemoryLimiter } from '../src/drivers/limiter/memory.ts'
import { createAccessKey } from '../src/engine/access/access-keys.ts'
import { sealClientSecret } from '../src/engine/connect/integration-secrets.ts'
import { integrationIdOf } from '../src/engine/connect/start-integrations.ts'
import type { Deps } from '../src/engine/deps.ts'
import type { Engine } from '../src/engine/engine.ts'
import type { Environment } from '../src/ports/directory.ts'
import { startServer } from '../src/start-server.ts'
import { serveParent } from './child.ts'

/** A connected account, and a key of an application that may use it. */
export interface Caller {
  readonly environment: string
  readonly connection: string
  readonly grant: string
  readonly key: string
}

/** What may be left out, to see what it takes. */
export type Part = 'limiter' | 'auth' | 'database' | 'calls' | 'audit'

export const benchToken = 'the-token-of-a-bench'
/** What its webhooks are signed with. */
export const benchSecret = 'the-secret-of-a-bench'

/** So many that none of them meets a limit of its own: a key's requests a minute, an account's calls. */
const manyCallers = 128

interface Options {
  readonly port: number
  readonly dataDir: string
  readonly database: string
  readonly upstream: string
  /** What it does; everything when absent. */
  readonly roles?: string
  /** Another one has made the callers in this database. */
  readonly seeded?: boolean
  /** Makes callers of this environment besides. */
  readonly beside?: string
}

/** The whole server with everything on, in front of rows that a consent would have made. */
async function open({ port, dataDir, database, upstream, beside, roles = 'api,worker', seeded = false }: Options) {
  const env = {
    PORT: String(port),
    PATCHBAY_DATA_DIR: dataDir,
    DATABASE_URL: database,
    PATCHBAY_SANDBOX_URL: upstream,
    PATCHBAY_LOG: 'warn',
    PATCHBAY_ROLES: roles,
  }
  const config = readConfig(env, { cwd: dataDir, settings: {} })
  const { engine, test, stop } = await startServer(config, [provider], { demo: false })
  const callers = seeded ? [] : await seed(engine, test)
  if (beside !== undefined) callers.push(...(await seed(engine, await environmentBeside(engine, beside))))
  const parts = openParts(engine.deps)
  return {
    answer({ without, more }: { without?: Part | null; more?: boolean }): unknown {
      if (without === undefined) return callers
      if (!more) parts.restore()
      if (without !== null) parts.remove(without)
      return null
    },
    close: stop,
  }
}

/** One quota of everybody and one of each account, one of each kind of window. */
const source = 'made up, and far more than a bench can reach'
const provider: Provider = defineProvider({
  id: 'bench',
  name: 'Bench',
  category: 'music',
  summary: 'A platform that answers at once',
  docs: 'https://docs.bench.example',
  auth: oauth2({
    authorizeUrl: 'https://accounts.bench.example/authorize',
    tokenUrl: 'https://accounts.bench.example/token',
    client: 'basic',
    pkce: 'S256',
    scopes: { always: ['read'] },
    refresh: { model: 'keeps' },
  }),
  api: {
    baseUrl: 'https://api.bench.example',
    quotas: [
      { id: 'general', per: 'app', limit: 1e9, window: { day: 'America/Los_Angeles' }, source },
      { id: 'second', per: 'account', limit: 1e6, window: { rollingMs: 1_000 }, source },
    ],
    errors: { read: () => null, rules: [] },
  },
  identify: async () => ({ subject: { id: '1', name: 'One' }, accounts: [] }),
  streams: {},
  webhooks: defineWebhooks({
    verify: hmac({ algorithm: 'sha256', secret: 'clientSecret', at: header('x-signature'), encoding: 'hex' }),
    events: (body) => at(body, 'events') as unknown as WebhookEvent[],
    wakes: {},
    keeps: { comment: 'comment' },
  }),
  emulator: { routes: {} } as never,
})

async function environmentBeside({ deps }: Engine, id: string): Promise<Environment> {
  const environment = { id, workspace: 'beside', mode: 'test', createdAt: deps.clock.now() } as const
  await deps.directory.saveEnvironment(environment)
  return environment
}

async function seed({ deps, vault }: Engine, environment: Environment): Promise<Caller[]> {
  const now = deps.clock.now()
  const along = { at: now, actor: 'system' as const }
  const environmentId = environment.id
  const integrationId = integrationIdOf(environmentId, provider.id)
  await deps.directory.saveIntegration(
    {
      ...{ id: integrationId, environmentId, provider: provider.id, name: 'Bench', clientId: 'bench' },
      ...{ settings: {}, scopes: [], enabled: true, incident: null, createdAt: now },
      clientSecret: await sealClientSecret(vault, { environmentId, id: integrationId }, benchSecret),
    },
    along,
  )
  return Promise.all(
    Array.from({ length: manyCallers }, async (_, n) => {
      const grant = `grt_${environmentId}_${n}`
      const connection = `con_${environmentId}_${n}`
      await deps.grants.create(
        {
          ...{ id: grant, environmentId, integrationId, subject: { id: `${n}`, name: `Artist ${n}` } },
          ...{ scopes: ['read'], generation: 1, state: 'live', cause: null, consentedAt: now, refreshedAt: now },
          ...{ accessExpiresAt: now + day, refreshExpiresAt: null, dataAccessExpiresAt: null, refreshDueAt: null },
          ...{ endsAt: null, warnDueAt: null },
          ...{ leaseId: null, leaseUntil: null, attempts: 0, refresh: null, previousRefresh: null },
          access: await vault.seal(environmentId, { row: grant, field: 'access', generation: 1 }, benchToken),
        },
        along,
      )
      await deps.connections.create(
        {
          ...{ id: connection, environmentId, profileId: `artist-${n}`, provider: provider.id, integrationId },
          ...{
            grantId: grant,
            account: { id: `acc-${n}`, name: `Artist ${n}`, kind: 'artist_page' as const },
            inputs: {},
          },
          ...{ state: 'healthy' as const, reason: null, missingScopes: [], stateAt: now, createdAt: now },
        },
        along,
      )
      const { text } = await createAccessKey(deps, environment, { name: 'bench', scopes: ['*'] })
      return { environment: environmentId, connection, grant, key: text }
    }),
  )
}

const day = 86_400_000

/** Puts something that costs next to nothing in the place of a part. */
function openParts({ access, connections, grants, directory, limiter, journal }: Deps) {
  const ports = [access, connections, grants, directory, limiter, journal]
  const whole = ports.map((port) => ({ ...port }))
  const remembered = new Map<string, unknown>()
  const remove = {
    limiter: () => void Object.assign(limiter, openMemoryLimiter()),
    auth: () => remember(access, 'findKey'),
    database() {
      remember(access, 'findKey')
      remember(connections, 'read')
      remember(grants, 'read')
      remember(directory, 'integration')
      remember(directory, 'environments')
    },
    calls: () => void Object.assign(journal, { calls: async () => {} }),
    audit: () => void Object.assign(journal, { note: async () => {} }),
  }
  return {
    restore: () => ports.forEach((port, index) => void Object.assign(port, whole[index])),
    remove: (part: keyof typeof remove) => remove[part](),
  }

  /** Asks once for each key. */
  function remember<Port extends object>(port: Port, name: keyof Port & string): void {
    const ask = port[name] as (...keys: unknown[]) => unknown
    const answer = (...keys: unknown[]) => {
      const key = `${name} ${keys.join(' ')}`
      if (!remembered.has(key)) remembered.set(key, ask(...keys))
      return remembered.get(key)
    }
    Object.assign(port, { [name]: answer })
  }
}

if (import.meta.main) await serveParent(open)

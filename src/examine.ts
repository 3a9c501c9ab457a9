import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import type { Provider } from '@patchbay/kit'
import pg from 'pg'
import type { Finding } from './cli/command.ts'
import { type Config, localUrl, variableOf } from './config.ts'
import { checkIsolation } from './drivers/database/isolation-check.ts'
import { readStanding } from './drivers/database/migrate.ts'
import { keyFilesOf } from './drivers/keys/file.ts'
import { integrationIdOf } from './engine/connect/start-integrations.ts'
import { keyFileOf } from './open-keys.ts'
import { environmentIdOf } from './start-server.ts'

/** Looks at what a start needs, changes nothing but an empty data directory, and says of each thing whether it will do. */
export async function examine(config: Config, providers: readonly Provider[]): Promise<Finding[]> {
  return [
    {
      what: 'Node.js',
      state: Number(process.versions.node.split('.')[0]) >= 24 ? 'ok' : 'wrong',
      says: `${process.version}${Number(process.versions.node.split('.')[0]) >= 24 ? '' : ': run it through npm, which brings its own'}`,
    },
    dataDirectory(config),
    encryptionKey(config),
    ...(await database(config)),
    await redis(config),
    await answers('server', `${config.publicUrl}/ready`, 'not running'),
    await answers(
      'sandbox',
      `${config.sandboxUrl ?? localUrl(config.host, config.sandboxPort)}/_sandbox/clock`,
      config.sandboxUrl === null ? 'starts with the server' : 'does not answer',
    ),
    ...providers.map((provider) => liveApp(config, provider)),
  ]
}

function dataDirectory({ dataDir }: Config): Finding {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    accessSync(dataDir, constants.W_OK)
    return { what: 'data directory', state: 'ok', says: dataDir }
  } catch (error) {
    return {
      what: 'data directory',
      state: 'wrong',
      says: `${dataDir} cannot be written: ${error instanceof Error ? error.message : error}. Set PATCHBAY_DATA_DIR to another folder.`,
    }
  }
}

function encryptionKey(config: Config): Finding {
  const { encryptionKey, kms } = config
  const what = 'encryption key'
  if (kms) return { what, state: 'ok', says: `kept by the key service at ${new URL(kms.url).origin}` }
  if (encryptionKey !== null) return { what, state: 'ok', says: 'from PATCHBAY_ENCRYPTION_KEY' }
  const files = keyFilesOf(keyFileOf(config))
  if (files.length === 0) return { what, state: 'ok', says: 'is made on first start' }
  const open = files.find((file) => (statSync(file).mode & 0o077) !== 0)
  return open
    ? { what, state: 'wrong', says: `others can read ${open}: chmod 600 it` }
    : { what, state: 'ok', says: `${files.join(', ')}; keep a copy apart from the database's backups` }
}

async function database({ databaseUrl }: Config): Promise<Finding[]> {
  if (databaseUrl === null) return [{ what: 'database', state: 'ok', says: 'brings its own PostgreSQL' }]
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 })
  // Without a listener a connection that breaks ends the process.
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ version: string }>(`select current_setting('server_version') as version`)
    const version = rows[0]?.version ?? ''
    const { pending, ahead } = await readStanding({ connection: databaseUrl })
    const found: Finding[] = [
      {
        what: 'database',
        state: Number.parseInt(version, 10) >= 15 ? 'ok' : 'wrong',
        says: `PostgreSQL ${version}${Number.parseInt(version, 10) >= 15 ? '' : ': 15 or later is needed'}`,
      },
      {
        what: 'migrations',
        state: pending.length + ahead.length === 0 ? 'ok' : 'warning',
        says:
          pending.length > 0
            ? `${pending.length} will be applied at the next start`
            : ahead.length > 0
              ? `all applied, and ${ahead.join(', ')} by a newer version, beside which this one goes on`
              : 'all applied',
      },
    ]
    if (pending.length === 0) {
      await checkIsolation({ connection: databaseUrl })
      found.push({ what: 'isolation', state: 'ok', says: 'no environment sees another’s rows' })
    }
    return found
  } catch (error) {
    return [
      { what: 'database', state: 'wrong', says: `DATABASE_URL: ${error instanceof Error ? error.message : error}` },
    ]
  } finally {
    await client.end().catch(() => {})
  }
}

/** It is never needed, so that it is away is a warning. */
async function redis({ redisUrl }: Config): Promise<Finding> {
  const what = 'redis'
  if (redisUrl === null) return { what, state: 'ok', says: 'not set; quotas are decided by PostgreSQL' }
  const { host } = new URL(redisUrl)
  try {
    const { askRedis } = await import('./drivers/limiter/redis-link.ts')
    return { what, state: 'ok', says: `${host} answers: ${await askRedis(redisUrl)}` }
  } catch (error) {
    const why = error instanceof Error ? error.message : error
    return { what, state: 'warning', says: `REDIS_URL: ${host}: ${why}; meanwhile quotas are decided by PostgreSQL` }
  }
}

async function answers(what: string, url: string, otherwise: string): Promise<Finding> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) })
    return { what, state: response.ok ? 'ok' : 'warning', says: `${new URL(url).origin} answers ${response.status}` }
  } catch {
    return { what, state: 'warning', says: `${new URL(url).origin}: ${otherwise}` }
  }
}

function liveApp({ apps, publicUrl }: Config, provider: Provider): Finding {
  const what = `${provider.name} app`
  const app = apps[provider.id]
  if (!app)
    return {
      what,
      state: 'ok',
      says:
        provider.auth.scheme === 'oauth2'
          ? `sandbox only; set ${variableOf(provider.id, 'clientId')} for real accounts`
          : 'needs no app: each owner brings a key',
    }
  const plain = new URL(publicUrl)
  const loopback = plain.hostname === '127.0.0.1' || plain.hostname === '[::1]'
  const redirect = `register ${publicUrl}/oauth/callback/${integrationIdOf(environmentIdOf('live'), provider.id)}`
  return plain.protocol === 'https:' || loopback
    ? { what, state: 'ok', says: redirect }
    : { what, state: 'warning', says: `${redirect}; most platforms take https addresses only: set PATCHBAY_PUBLIC_URL` }
}

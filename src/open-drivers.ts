import type { Registry } from 'prom-client'
import type { Config } from './config.ts'
import { openDatabaseClock } from './drivers/clock/database-clock.ts'
import { systemClock } from './drivers/clock/system.ts'
import { startEmbeddedPostgres } from './drivers/database/embedded-postgres.ts'
import { checkIsolation } from './drivers/database/isolation-check.ts'
import { makeMonths } from './drivers/database/make-months.ts'
import { migrate } from './drivers/database/migrate.ts'
import { openPostgres } from './drivers/database/postgres.ts'
import { waitUntilAlone } from './drivers/database/wait-until-alone.ts'
import { openFailpoints } from './drivers/failpoints/failpoints.ts'
import { openPgBoss } from './drivers/jobs/pg-boss.ts'
import { installationOf } from './drivers/limiter/installation.ts'
import { openLeasedLimiter } from './drivers/limiter/leased.ts'
import { openPostgresLimiter } from './drivers/limiter/postgres.ts'
import { openPinoLog } from './drivers/log/pino-log.ts'
import { openRedactor } from './drivers/log/redactor.ts'
import { openMessengerByKind } from './drivers/messenger/by-kind.ts'
import { openConsoleMessenger } from './drivers/messenger/console.ts'
import { openEmailMessenger } from './drivers/messenger/email.ts'
import { openPushMessenger } from './drivers/messenger/push.ts'
import { openWebhookMessenger } from './drivers/messenger/webhook.ts'
import { countStores } from './drivers/meters/counted-stores.ts'
import { sandboxed } from './drivers/network/sandboxed.ts'
import { openUndiciNetwork } from './drivers/network/undici.ts'
import { openPostgresStores } from './drivers/postgres-stores.ts'
import { systemRandom } from './drivers/random/system.ts'
import { openHttpReceivers } from './drivers/receivers/http.ts'
import { openMemoryResponseCache } from './drivers/response-cache/memory.ts'
import type { Deps } from './engine/deps.ts'
import { openKeys } from './open-keys.ts'
import type { Clock } from './ports/clock.ts'
import type { Database } from './ports/database.ts'
import type { Limiter } from './ports/limiter.ts'
import type { Log } from './ports/log.ts'

export interface Drivers {
  readonly deps: Deps
  /** For what opens connections of its own. */
  readonly databaseUrl: string
  /** Hears of every secret in use, so that the log leaves it out. */
  readonly registerSecret: (secret: string) => void
  /** No other process is connected to this database, nor can be: it is this process's own. */
  readonly alone: boolean
  close(): Promise<void>
}

/** The log comes first: everything else may want to say something. */
export function openLog(config: Config): { log: Log; registerSecret: (secret: string) => void } {
  const redactor = openRedactor()
  const log = openPinoLog({ redactor, level: config.logLevel, write: (line) => process.stderr.write(line) })
  return { log, registerSecret: (secret) => redactor.registerSecret(secret) }
}

/** Fills the engine's ports for real: PostgreSQL, the system's clock and chance, the internet. `sandboxUrl` is where `test` environments lead. */
export async function openDrivers(
  config: Config,
  options: { log: Log; registerSecret: (secret: string) => void; sandboxUrl: string; registry: Registry },
): Promise<Drivers> {
  const { log, registerSecret } = options
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const closer of closers.reverse()) await closer()
  }
  try {
    if (config.mail) registerSecret(decodeURIComponent(new URL(config.mail.url).password))
    const connection = config.databaseUrl ?? (await ownPostgres())
    const alone = config.databaseUrl === null && (await waitUntilAlone({ connection }))
    await migrate({ connection, log })
    await checkIsolation({ connection })
    await makeMonths({ connection, around: systemClock.now() })
    const failpoints = openFailpoints(config.failpoints)
    const { database } = failpoints.into({ database: openPostgres({ connection, log, poolSize: 12 }) })
    closers.push(() => database.close())
    const clock = await openClock(database)
    const redis = config.redisUrl === null ? null : await openRedis(database, clock, config.redisUrl)
    const record = openPostgresLimiter(database)
    const limiter = openLeasedLimiter(redis?.lend(record) ?? record, { clock, log })
    closers.push(() => limiter.close())
    const stores = openPostgresStores(database)
    // A key is made only while nothing was ever sealed with another one.
    const { keys, close: closeKeys } = openKeys(config, {
      make: (await stores.dataKeys.check()) === null,
      registerSecret,
    })
    closers.push(closeKeys)
    const live = openUndiciNetwork({ allow: config.egressAllow })
    const toSandbox = openUndiciNetwork({ allow: [...config.egressAllow, ...hostsOf(options.sandboxUrl)] })
    const receivers = openHttpReceivers({ allow: config.egressAllow, loopback: isLoopback(config.publicUrl) })
    const email = openEmailMessenger(config.mail)
    closers.push(
      () => live.close(),
      () => toSandbox.close(),
      () => receivers.close(),
      () => email.close(),
    )
    const deps: Deps = failpoints.into({
      clock,
      random: systemRandom,
      log,
      networks: { live, test: sandboxed(toSandbox, options.sandboxUrl) },
      limiter,
      responses: redis?.responses ?? openMemoryResponseCache(),
      jobs: openPgBoss({ connection, log }),
      keys,
      ...stores,
      ...countStores(stores, options.registry, clock),
      receivers,
      messenger: openMessengerByKind({
        console: openConsoleMessenger(),
        email,
        webhook: openWebhookMessenger({ network: live, clock }),
        push: openPushMessenger({ network: live, contact: contactOf(config) }),
      }),
    })
    failpoints.check()
    if (config.failpoints.size > 0) log.warn('failpoints.set', { places: [...config.failpoints.keys()] })
    return {
      deps,
      databaseUrl: connection,
      registerSecret,
      alone,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }

  /** The database's time, which all processes share. */
  async function openClock(database: Database): Promise<Clock> {
    const ask = async () => (await database.read<{ at: number }>(null, 'select clock_timestamp() as at'))[0]!.at
    const clock = openDatabaseClock(ask, { log })
    await clock.measure()
    clock.keepComparing()
    closers.push(() => clock.close())
    return clock
  }

  /** What processes share in Redis: halves of quotas, and answers that may be given again. Two connections, so that a long answer holds up no call. */
  async function openRedis(database: Database, clock: Clock, url: string) {
    registerSecret(decodeURIComponent(new URL(url).password))
    const installation = await installationOf(database)
    // Its library takes 28 MB, which whoever has no Redis keeps.
    const [{ openRedisLink }, { openRedisLimiter }, { openLentLimiter }, { openRedisResponseCache }] =
      await Promise.all([
        import('./drivers/limiter/redis-link.ts'),
        import('./drivers/limiter/redis.ts'),
        import('./drivers/limiter/lent.ts'),
        import('./drivers/response-cache/redis.ts'),
      ])
    const connect = async (serves: 'quota' | 'response', meanwhile: string) => {
      const link = openRedisLink({ url, installation, clock, log, serves, meanwhile })
      closers.push(() => link.close())
      // Where it is away nobody waits for it, now or later.
      await link.connect()
      return link
    }
    const quotas = await connect('quota', 'PostgreSQL decides')
    const responses = await connect('response', 'every answer comes from its platform')
    return {
      responses: openRedisResponseCache(responses),
      lend(record: ReturnType<typeof openPostgresLimiter>): Limiter {
        const redis = { ...openRedisLimiter(quotas), reached: () => quotas.reached }
        const lent = openLentLimiter(record, redis, { clock, log })
        closers.push(() => lent.close())
        return lent
      },
    }
  }

  async function ownPostgres(): Promise<string> {
    const server = await startEmbeddedPostgres({ dataDir: config.dataDir, log })
    closers.push(() => server.stop())
    return server.url
  }
}

/** Whom push services write to. They ask for a form and not for proof, so that a server at home has one too. */
function contactOf({ publicUrl, mail }: Config): string {
  if (publicUrl.startsWith('https:')) return publicUrl
  const address = /<?([^\s<>]+@[^\s<>]+)>?$/.exec(mail?.from ?? '')?.[1]
  return `mailto:${address ?? 'nobody@patchbay.invalid'}`
}

/** A server that only its own machine reaches is one that somebody develops with, and the application may be beside it. */
function isLoopback(url: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)
}

function hostsOf(url: string): string[] {
  const { host } = new URL(url)
  return [host]
}

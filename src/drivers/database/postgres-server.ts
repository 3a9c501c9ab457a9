import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Log } from '../../ports/log.ts'
import { connectionString, createOwner, isOurs } from './database-owner.ts'
import { initializePostgres, readPassword, refuseOtherVersion } from './initialize-postgres.ts'
import { findPostgresBinaries } from './postgres-binaries.ts'
import {
  findPostmaster,
  isOutdated,
  isRunning,
  type Postmaster,
  startPostmaster,
  stopPostmaster,
} from './postmaster.ts'
import { chooseRunner } from './unprivileged.ts'

/**
 * A running PostgreSQL with its data in `directory`: the one that was left running there, or a new one. Whoever calls keeps other
 * starters away.
 */
export async function openPostgresServer(options: { directory: string; settings: Record<string, string>; log: Log }) {
  const { directory, log } = options
  const files = join(directory, 'files')
  const beganAt = performance.now()

  const password = existsSync(files) ? readPassword(directory) : null
  const running = password ? await findPostmaster(files) : null
  if (running && isOutdated(running)) await stopPostmaster(running)
  else if (running && (await isOurs(running, password!, files))) {
    log.info('database.adopted', { pid: running.pid })
    return handle(running, password!, { adopted: true, start: async () => start(await prepare()) })
  }

  const prepared = await prepare()
  const postmaster = await start(prepared)
  await createOwner(postmaster, prepared.password)
  log.info('database.started', {
    pid: postmaster.pid,
    runs: prepared.runner.name,
    version: prepared.version,
    tookMs: Math.round(performance.now() - beganAt),
  })
  return handle(postmaster, prepared.password, { adopted: false, start: () => start(prepared) })

  async function prepare() {
    const binaries = await findPostgresBinaries()
    const { runner, versionText } = await chooseRunner(directory, binaries.postgres)
    const version = /\d+/.exec(versionText)?.[0] ?? ''
    if (!existsSync(files)) await initializePostgres({ directory, files, initdb: binaries.initdb, runner })
    refuseOtherVersion(files, version)
    return { binaries, runner, version, password: readPassword(directory) }
  }

  async function start({ binaries, runner }: Awaited<ReturnType<typeof prepare>>): Promise<Postmaster> {
    const shared = {
      files,
      logFile: join(directory, 'postgres.log'),
      postgres: binaries.postgres,
      runner,
      settings: { ...settingsForOneMachine, ...options.settings },
    }
    const socketPath = join(directory, `.s.PGSQL.${socketPort}`)
    if (Buffer.byteLength(socketPath) < 100) {
      try {
        return await startPostmaster({ ...shared, host: directory, port: socketPort })
      } catch (error) {
        // Shared folders of virtual machines often cannot hold a socket.
        if (!/Unix(-domain)? socket/i.test((error as Error).message)) throw error
      }
    }
    return startPostmaster({ ...shared, host: '127.0.0.1', port: await freePort() })
  }

  function handle(first: Postmaster, secret: string, how: { adopted: boolean; start(): Promise<Postmaster> }) {
    let postmaster = first
    let busy: Promise<unknown> | null = null
    return {
      url: connectionString(postmaster, { user: 'patchbay', password: secret, database: 'patchbay' }),
      adopted: how.adopted,
      /** A database on a port may come back on another one, where nobody looks for it: only a socket is worth the attempt. */
      restartIfGone() {
        if (busy || isRunning(postmaster) || !postmaster.host.startsWith('/')) return
        log.error('database.gone', { pid: postmaster.pid })
        busy = how
          .start()
          .then((next) => {
            postmaster = next
            log.warn('database.restarted', { pid: next.pid })
          })
          .catch((error: Error) => log.error('database.restart_failed', { message: error.message }))
          .finally(() => {
            busy = null
          })
      },
      async stop() {
        await busy
        busy = Promise.resolve()
        const end = await stopPostmaster(postmaster)
        if (end === 'clean') log.info('database.stopped', { pid: postmaster.pid })
        else log.warn('database.stopped_immediately', { pid: postmaster.pid })
      },
    }
  }
}

/**
 * Small, for a machine that also runs the server. Committed means on disk. The log never shows a statement or a row: those
 * contain what tenants store. Parallel workers stay off: they need /dev/shm, of which a container has 64 MB.
 */
const settingsForOneMachine = {
  fsync: 'on',
  synchronous_commit: 'on',
  shared_buffers: '64MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  max_wal_size: '512MB',
  max_connections: '100',
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '0',
  jit: 'off',
  TimeZone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
}

/** Only a part of the socket's name. */
const socketPort = 5432

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}

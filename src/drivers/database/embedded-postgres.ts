import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, lchownSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import pg from 'pg'
import type { Log } from '../../ports/log.ts'
import { lockDataDir } from './data-dir-lock.ts'
import { findPostgresBinaries } from './postgres-binaries.ts'
import { findPostmaster, isRunning, type Postmaster, startPostmaster, stopPostmaster } from './postmaster.ts'
import { chooseRunner, type Runner, run } from './unprivileged.ts'

export interface EmbeddedPostgres {
  /** A connection string of the user `patchbay`, who owns the database and is no superuser. It contains the password. */
  url: string
  /** True when the database was still running from a server that had been killed. */
  adopted: boolean
  stop(): Promise<void>
}

/**
 * The database of an installation without `DATABASE_URL`: the real PostgreSQL, started in `dataDir` for this process alone.
 *
 *     dataDir/patchbay.lock        who uses this directory
 *     dataDir/postgres/files       PostgreSQL's own data directory
 *     dataDir/postgres/password    of both database users, readable by their owner only
 *     dataDir/postgres/.s.PGSQL…   the socket; where its path would be too long, a port on 127.0.0.1 instead
 *
 * Dying without `stop` leaves the database running, for the next start to adopt. If it dies while we run, it is started again.
 */
export async function startEmbeddedPostgres(options: { dataDir: string; log: Log }): Promise<EmbeddedPostgres> {
  const { log } = options
  const dataDir = resolve(options.dataDir)
  const lock = await claim(dataDir)
  try {
    const server = await openPostgresServer({ directory: join(dataDir, 'postgres'), settings: {}, log })
    const guard = setInterval(() => server.restartIfGone(), 1_000)
    guard.unref()
    return {
      url: server.url,
      adopted: server.adopted,
      async stop() {
        clearInterval(guard)
        await server.stop()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

async function claim(dataDir: string) {
  try {
    // Root lets others pass through, not look: the database runs as somebody else.
    mkdirSync(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
    return await lockDataDir(dataDir)
  } catch (error) {
    const advice = {
      EACCES:
        'it belongs to another user. Start Patchbay as that user, give the folder to this one with chown -R, or set PATCHBAY_DATA_DIR.',
      EROFS: 'it is on a read-only disk. Set PATCHBAY_DATA_DIR to a folder that can be written to.',
      ENOSPC: 'the disk is full.',
    }[(error as NodeJS.ErrnoException).code ?? '']
    throw advice ? new Error(`The data directory ${dataDir} cannot be used: ${advice}`, { cause: error }) : error
  }
}

/** The same without the lock on the directory: for whoever keeps other starters away in another way. */
export async function openPostgresServer(options: { directory: string; settings: Record<string, string>; log: Log }) {
  const { directory, log } = options
  const files = join(directory, 'files')
  const beganAt = performance.now()

  const password = existsSync(files) ? readPassword(directory) : null
  const running = password ? await findPostmaster(files) : null
  if (running && (await isOurs(running, password!, files))) {
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
    if (!existsSync(files)) await initialize({ directory, files, initdb: binaries.initdb, runner })
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

/**
 * Made beside and moved into place, so that a first start that was broken off leaves nothing that looks like a database.
 * Passwords are asked for on the socket too: the folder keeps others out, but the user it belongs to may be shared, like nobody.
 */
async function initialize(options: { directory: string; files: string; initdb: string; runner: Runner }) {
  const { directory, files, initdb, runner } = options
  const draft = `${files}.new`
  rmSync(draft, { recursive: true, force: true })
  const passwordFile = join(directory, 'password')
  if (!existsSync(passwordFile)) writeFileSync(passwordFile, randomBytes(32).toString('base64url'), { mode: 0o600 })
  if (runner.owner) lchownSync(passwordFile, runner.owner.uid, runner.owner.gid)
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  try {
    await run(runner, initdb, [
      ...['-D', draft, '--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--no-instructions'],
      ...locale,
    ])
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string }
    const said = stderr?.trim() || message
    const advice = said.includes('No space left')
      ? '\nThe disk is full: a new database takes 40 MB, plus what it will hold.'
      : ''
    throw new Error(`PostgreSQL could not make its data directory in ${directory}:\n${said}${advice}`)
  }
  renameSync(draft, files)
  chmodSync(directory, 0o700)
}

function refuseOtherVersion(files: string, version: string): void {
  const made = readFileSync(join(files, 'PG_VERSION'), 'utf8').trim()
  if (made === version) return
  throw new Error(
    `The database in ${files} was made by PostgreSQL ${made}; this Patchbay brings PostgreSQL ${version}, which cannot read it.\n` +
      `Start the Patchbay release that made it and take a backup there, or run PostgreSQL ${made} on it and set DATABASE_URL.`,
  )
}

function readPassword(directory: string): string {
  const path = join(directory, 'password')
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES')
      throw new Error(
        `${path} belongs to another user. Start Patchbay as that user, or give the folder to this one with chown -R.`,
      )
    if (code === 'ENOENT')
      throw new Error(
        `${path} is missing. It holds the database password; restore it from a backup of the data directory.`,
      )
    throw error
  }
}

/** A process number proves little. A server that knows our password and says it works on these files is ours. */
async function isOurs(postmaster: Postmaster, password: string, files: string): Promise<boolean> {
  try {
    return await asSuperuser(postmaster, password, async (client) => {
      const { rows } = await client.query('show data_directory')
      if (rows[0].data_directory !== files) return false
      await ensureOwner(client, password)
      return true
    })
  } catch {
    return false
  }
}

async function createOwner(postmaster: Postmaster, password: string): Promise<void> {
  await asSuperuser(postmaster, password, (client) => ensureOwner(client, password))
}

/** The owner is no superuser, so that here, as on a hosted database, row level security binds whoever forgets to take a role. */
async function ensureOwner(client: pg.Client, password: string): Promise<void> {
  const { rows } = await client.query(
    `select (select count(*) from pg_roles where rolname = 'patchbay') as roles,
            (select count(*) from pg_database where datname = 'patchbay') as databases`,
  )
  if (rows[0].roles === '0') {
    await client.query(`create role patchbay login createrole createdb password ${client.escapeLiteral(password)}`)
  }
  if (rows[0].databases === '0') await client.query('create database patchbay owner patchbay')
}

async function asSuperuser<T>(postmaster: Postmaster, password: string, work: (client: pg.Client) => Promise<T>) {
  const client = new pg.Client({
    connectionString: connectionString(postmaster, { user: 'postgres', password, database: 'postgres' }),
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function connectionString(
  { host, port }: Postmaster,
  { user, password, database }: { user: string; password: string; database: string },
): string {
  const address = host.startsWith('/')
    ? `/${database}?host=${encodeURIComponent(host)}&port=${port}`
    : `${host}:${port}/${database}`
  return `postgresql://${user}:${password}@${address}`
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}

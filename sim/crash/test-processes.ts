import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openPatchbay } from '@patchbay/sdk'
import pg from 'pg'
import { readPassword } from '../../src/drivers/database/initialize-postgres.ts'
import { findPostmaster } from '../../src/drivers/database/postmaster.ts'
import { processIdentity } from '../../src/drivers/database/process-identity.ts'

/** Half of a start is spent on reading the program. Those that end well leave behind what they made of it. */
const compiled = join(tmpdir(), 'patchbay-compiled')

/** Asking costs those who are asked. */
const pollMs = 100

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** A process of ours, started as a user would start it. Its log is a file, so that nothing is lost with it. */
export interface Running {
  readonly pid: number
  readonly logFile: string
  readonly ended: Promise<number | null>
  isRunning(): boolean
  kill(signal: NodeJS.Signals): void
}

/** A folder for one story's data and logs, and everything that was started in it. `close` leaves nothing behind, however the story ended. */
export interface Stage {
  readonly folder: string
  /** `program`: another version's `main.ts`. */
  start(name: string, command: readonly string[], env?: Readonly<Record<string, string>>, program?: string): Running
  /** Waits for `done` to answer something, and gives up with the end of the log when `running` ends before or it takes too long. */
  until<Found>(what: string, running: Running, done: () => Promise<Found | null>, patienceMs?: number): Promise<Found>
  /** Something else that ends with the story, after its processes. */
  closes(close: () => Promise<void>): void
  postmasterOf(dataDir: string): Promise<{ pid: number; url: string } | null>
  /** Ends a process at once and waits until it is gone. */
  killProcess(pid: number): Promise<void>
  close(): Promise<void>
}

export function openStage(): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-crash-'))
  // The database may run as somebody else, who has to get through.
  chmodSync(folder, 0o711)
  const started: Running[] = []
  const dataDirs = new Set<string>()
  const others: (() => Promise<void>)[] = []
  return { folder, start, until, closes: (other) => void others.push(other), postmasterOf, killProcess, close }

  function start(
    name: string,
    command: readonly string[],
    env: Readonly<Record<string, string>> = {},
    program = main,
  ): Running {
    const logFile = join(folder, `${name}.log`)
    const log = openSync(logFile, 'a')
    const child = spawn(process.execPath, [program, ...command], {
      cwd: folder,
      env: { ...inherited(), NODE_COMPILE_CACHE: compiled, PATCHBAY_LOG: 'warn', ...env },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    if (env['PATCHBAY_DATA_DIR']) dataDirs.add(env['PATCHBAY_DATA_DIR'])
    const running: Running = {
      pid: child.pid!,
      logFile,
      ended: endOf(child),
      isRunning: () => child.exitCode === null && child.signalCode === null,
      kill: (signal) => void child.kill(signal),
    }
    started.push(running)
    return running
  }

  async function until<Found>(
    what: string,
    running: Running,
    done: () => Promise<Found | null>,
    patienceMs = 60_000,
  ): Promise<Found> {
    const startedAt = performance.now()
    for (;;) {
      const found = await done().catch(() => null)
      if (found !== null) return found
      const why = !running.isRunning()
        ? 'the process ended'
        : performance.now() - startedAt > patienceMs
          ? `not within ${patienceMs} ms`
          : null
      if (why !== null) throw new Error(`${what}: ${why}. Its log ends:\n${tail(running.logFile)}`)
      await sleep(pollMs)
    }
  }

  async function close(): Promise<void> {
    for (const running of started) running.kill('SIGKILL')
    await Promise.all(started.map(({ ended }) => ended))
    for (const other of others) await other()
    for (const dataDir of dataDirs) {
      const postmaster = await postmasterOf(dataDir)
      if (postmaster) await killProcess(postmaster.pid, 'SIGQUIT')
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

/** The database of an installation, found from outside: its main process, and its address for the superuser. */
async function postmasterOf(dataDir: string): Promise<{ pid: number; url: string } | null> {
  const directory = join(dataDir, 'postgres')
  if (!statSync(join(directory, 'files'), { throwIfNoEntry: false })) return null
  const found = await findPostmaster(join(directory, 'files'))
  if (!found) return null
  const place = found.host.startsWith('/')
    ? `localhost/patchbay?host=${encodeURIComponent(found.host)}&port=${found.port}`
    : `${found.host}:${found.port}/patchbay`
  return { pid: found.pid, url: `postgresql://postgres:${readPassword(directory)}@${place}` }
}

/** Asks a database of a story as its superuser, who sees every environment. */
export async function query<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    // Of several statements, the last one's rows.
    return [await client.query(sql)].flat().at(-1)!.rows as Row[]
  } finally {
    await client.end()
  }
}

/** What dead processes held runs out, as it would if some minutes had passed. */
export async function passTime(url: string): Promise<void> {
  const before = "now() - interval '1 second'"
  await query(
    url,
    `set role patchbay_system;
     update schedule set ready_at = ${before}, claimed_until = ${before} where claim is not null;
     set role patchbay_tenant;
     set app.environment = 'env_test';
     update account_grant set lease_until = ${before} where lease_until is not null`,
  )
}

/** A port outside of the range from which the system takes those of outgoing connections: a server that is killed gets it back. */
export async function findPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const server = createServer()
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}

export interface SandboxProcess {
  readonly url: string
  readonly process: Running
  /** The control API. */
  get<Answer>(path: string): Promise<Answer>
  post<Answer>(path: string, body: unknown): Promise<Answer>
  delete(path: string): Promise<void>
}

/** A pretend internet in a process of its own: it outlives the servers, as the real one would. */
export async function startSandboxProcess(
  stage: Stage,
  options: { artists: number; seed: string },
): Promise<SandboxProcess> {
  const { artists, seed } = options
  const running = stage.start('sandbox', ['sandbox', '--port', '0', '--artists', String(artists), '--seed', seed])
  const url = await stage.until('the sandbox', running, async () => {
    const said = /^sandbox +(http:\S+)\/_sandbox$/m.exec(readFileSync(running.logFile, 'utf8'))
    return said?.[1] ?? null
  })
  const control = openPatchbay({ url })
  return {
    url,
    process: running,
    get: async (path) => (await control.request('GET', `/_sandbox/${path}`)).json() as never,
    delete: async (path) => void (await control.request('DELETE', `/_sandbox/${path}`)),
    post: async (path, body) => (await control.request('POST', `/_sandbox/${path}`, { body })).json() as never,
  }
}

/** Whether a server takes work, all of it. */
export async function isReady(url: string): Promise<true | null> {
  const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(5_000) })
  return response.ok ? true : null
}

/** The key of the demo's environment; null until the server has written it down. */
export function demoKey(dataDir: string): string | null {
  const file = join(dataDir, 'demo.json')
  if (!statSync(file, { throwIfNoEntry: false })) return null
  return (JSON.parse(readFileSync(file, 'utf8')) as { testKey: string }).testKey
}

export function tail(logFile: string, lines = 15): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
}

/** What a process holds of the memory; 0 where there is no such process, or no Linux. */
export function residentKb(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0
    throw error
  }
}

/** Lines of a log, as data; what is not JSON is left out. */
export function readLog(logFile: string): { level?: string; event?: string; [field: string]: unknown }[] {
  return readFileSync(logFile, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line.startsWith('{') ? [JSON.parse(line)] : []
      } catch {
        return []
      }
    })
}

/** What a test runner sets for its own children is not for servers, nor is a developer's own set-up. */
function inherited(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !/^(PATCHBAY_|NODE_|DATABASE_URL$|HOST$|PORT$)/.test(entry[0]),
    ),
  )
}

async function endOf(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, 'exit')
  return code as number | null
}

/** A process that nobody collects is gone as well. */
async function killProcess(pid: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const identity = processIdentity(pid)
  if (identity === null) return
  process.kill(pid, signal)
  while (processIdentity(pid) === identity) await sleep(10)
}

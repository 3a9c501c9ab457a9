import { type ChildProcess, spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { commandLine, processIdentity } from './process-identity.ts'
import { bareEnvironment, type Runner } from './unprivileged.ts'

/** A running PostgreSQL server: its main process, and where it listens. */
export interface Postmaster {
  pid: number
  identity: string
  /** The folder of its socket, or 127.0.0.1. */
  host: string
  port: number
}

/**
 * Starts PostgreSQL on the data in `files` and waits until it takes connections. It outlives this process on purpose: a server
 * that was killed finds its database running, and whoever starts next adopts it instead of recovering it.
 */
export async function startPostmaster(options: {
  files: string
  logFile: string
  host: string
  port: number
  postgres: string
  runner: Runner
  settings: Record<string, string>
}): Promise<Postmaster> {
  const { files, host, port, runner } = options
  const settings = {
    ...options.settings,
    port: String(port),
    listen_addresses: host.startsWith('/') ? '' : host,
    unix_socket_directories: host.startsWith('/') ? host : '',
    unix_socket_permissions: '0700',
  }
  const parameters = ['-D', files, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]

  for (let attempt = 1; ; attempt++) {
    disownStalePid(files, join(files, 'postmaster.pid'))
    if (host.startsWith('/')) disownStalePid(files, join(host, `.s.PGSQL.${port}.lock`))
    const [program, rest] = runner.command(options.postgres, parameters)
    const logStart = startLog(options.logFile)
    const log = openSync(options.logFile, 'a', 0o600)
    const child = spawn(program, rest, {
      cwd: '/',
      env: bareEnvironment,
      ...runner.user,
      detached: true,
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    child.unref()
    const started = await untilReady(child, files)
    if (started) return started

    const said = readFileSync(options.logFile, 'utf8').slice(logStart).trim()
    // Left-over processes of a server that was killed notice within a moment, and end; its memory is free when they have.
    if (attempt <= 20 && said.includes('pre-existing shared memory block')) await sleep(250)
    else throw new Error(`PostgreSQL did not start. Its log (${options.logFile}) ends:\n${lastLines(said, 12)}`)
  }
}

/** The server that already runs on `files`, once it takes connections; `null` when there is none, or it ends meanwhile. */
export async function findPostmaster(files: string): Promise<Postmaster | null> {
  for (;;) {
    const state = readPidFile(files)
    if (!state || !isPostmasterOf(files, state.pid)) return null
    if (state.status === 'ready') return state.postmaster
    await sleep(10)
  }
}

/**
 * `fast` ends every session and writes everything to disk. Should that take longer than the patience of whoever stops us,
 * `immediate` leaves the rest to recovery at the next start; nothing that was committed is lost either way.
 */
export async function stopPostmaster(postmaster: Postmaster): Promise<'clean' | 'immediate'> {
  if (await ends(postmaster, 'SIGINT', 20_000)) return 'clean'
  await ends(postmaster, 'SIGQUIT', 5_000)
  return 'immediate'
}

export function isRunning(postmaster: Postmaster): boolean {
  return processIdentity(postmaster.pid) === postmaster.identity
}

/** Its program was replaced under it, by an update of the dependencies: it would load parts of another version. */
export function isOutdated(postmaster: Postmaster): boolean {
  try {
    return readlinkSync(`/proc/${postmaster.pid}/exe`).endsWith(' (deleted)')
  } catch {
    return false
  }
}

async function ends(postmaster: Postmaster, signal: NodeJS.Signals, patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs
  try {
    if (isRunning(postmaster)) process.kill(postmaster.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  while (isRunning(postmaster)) {
    if (Date.now() > deadline) return false
    await sleep(10)
  }
  return true
}

/** Recovery after a power cut may take minutes; as long as the process lives it is worth waiting for. */
async function untilReady(child: ChildProcess, files: string): Promise<Postmaster | null> {
  let ended = false
  child.once('exit', () => (ended = true))
  child.once('error', () => (ended = true))
  while (!ended) {
    await sleep(5)
    const state = readPidFile(files)
    if (state?.pid === child.pid && state?.status === 'ready') return state!.postmaster
  }
  return null
}

/** Line by line: process, data directory, start, port, socket folder, address, shared memory, status. */
function readPidFile(files: string): { pid: number; status: string; postmaster: Postmaster } | null {
  const path = join(files, 'postmaster.pid')
  if (!existsSync(path)) return null
  const lines = readFileSync(path, 'utf8').split('\n')
  const pid = Number(lines[0])
  const host = lines[4] || lines[5] || ''
  const identity = processIdentity(pid) ?? ''
  return {
    pid,
    status: lines[7]?.trim() ?? '',
    postmaster: { pid, identity, host: host === '*' ? '127.0.0.1' : host, port: Number(lines[3]) },
  }
}

function isPostmasterOf(files: string, pid: number): boolean {
  return processIdentity(pid) !== null && commandLine(pid).includes(`-D ${files} `)
}

/**
 * After a restart of the machine or container the old number often belongs to somebody else, and after a kill to a process that
 * ended and that nobody collects, since process 1 of a container often is no init. PostgreSQL would take either for a living
 * server and refuse. The number is replaced by an impossible one, and the file kept: PostgreSQL still looks in it for shared
 * memory that orphans of the old server may hold. The lock of the socket names the same number.
 */
function disownStalePid(files: string, path: string): void {
  if (!existsSync(path)) return
  const [pid, ...rest] = readFileSync(path, 'utf8').split('\n')
  if (isPostmasterOf(files, Number(pid))) return
  writeFileSync(path, [String(2 ** 31 - 2), ...rest].join('\n'))
}

function startLog(path: string): number {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (sizeBytes < 10_000_000) return sizeBytes
  renameSync(path, `${path}.1`)
  return 0
}

function lastLines(text: string, count: number): string {
  return text
    .split('\n')
    .slice(-count)
    .map((line) => `  ${line}`)
    .join('\n')
}

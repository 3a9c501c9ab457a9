import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { askRedis } from './redis-link.ts'

const program = ['redis-server', 'valkey-server'].map(onPath).find((path) => path !== null) ?? null

/** For `suite(name, { skip: noRedis }, …)`: why there is none, or false. */
export const noRedis: string | false =
  program === null &&
  'neither redis-server nor valkey-server is on PATH, so nothing of Redis was tested (apt-get install redis-server)'

export interface TestRedis {
  readonly url: string
  /** Of the server as it runs now. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void
  /** Kills it, if it runs, and starts it anew on the same port, with what it saved before. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A server of its own on a free port of this machine. It keeps nothing, unless it is told to save. */
export async function startTestRedis({ password = '' } = {}): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-redis-'))
  const port = await freePort()
  const url = `redis://${password && `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`
  let guard: ChildProcess | null = null
  let server: ChildProcess | null = await start()

  return {
    url,
    signal: (name) => void server?.kill(name),
    async restart() {
      await kill()
      server = await start()
    },
    async stop() {
      await kill()
      guard?.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }

  async function start(): Promise<ChildProcess> {
    if (program === null) throw new Error(String(noRedis))
    const own = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', '', '--appendonly', 'no']
    const child = spawn(program, [...own, ...(password ? ['--requirepass', password] : [])], { stdio: 'ignore' })
    guard?.kill()
    guard = child.pid === undefined ? null : endWithUs(child.pid)
    for (let attempt = 1; ; attempt++) {
      try {
        await askRedis(url)
        return child
      } catch (error) {
        if (child.exitCode !== null || attempt > 200) throw new Error(`${program} did not start`, { cause: error })
        await sleep(25)
      }
    }
  }

  async function kill(): Promise<void> {
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const gone = once(server, 'exit')
    server.kill('SIGKILL')
    await gone
    server = null
  }
}

/** However this process ends, its end of the pipe is closed then. */
function endWithUs(pid: number): ChildProcess {
  const guard = spawn('sh', ['-c', 'cat >/dev/null; kill -9 "$0"', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  return guard
}

function onPath(name: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // It is not in this one.
    }
  }
  return null
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return address !== null && typeof address === 'object' ? address.port : 0
}

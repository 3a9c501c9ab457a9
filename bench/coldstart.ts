import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Line } from './run.ts'

const port = 4930
const idleMs = 20_000
const root = join(import.meta.dirname, '..')

/** From `npm start` to the demo's table in a fresh folder, from a second start until it is ready, and what the idle process takes of the memory. */
export async function* run(): AsyncIterable<Line> {
  const dataDir = mkdtempSync(join(tmpdir(), 'patchbay-bench-'))
  try {
    const first = await start(dataDir)
    yield { metric: 'first_table', value: first.tableMs, unit: 'ms, target 15000' }
    await sleep(idleMs)
    yield* memory('first', first.pid)
    await first.stop()

    const second = await start(dataDir)
    yield { metric: 'second_ready', value: second.readyMs, unit: 'ms, target 4000' }
    yield { metric: 'second_table', value: second.tableMs, unit: 'ms' }
    await sleep(idleMs)
    yield* memory('second', second.pid)
    await second.stop()
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function start(dataDir: string) {
  const startedAt = performance.now()
  const env = { ...process.env, PORT: String(port), PATCHBAY_DATA_DIR: dataDir, PATCHBAY_LOG: 'warn' }
  const child = spawn(process.execPath, ['src/main.ts', 'start'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const gone = once(child, 'exit')
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    while (!(await isSo())) {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
      await sleep(10)
    }
    return performance.now() - startedAt
  }
  const [readyMs, tableMs] = await Promise.all([until(isReady), until(() => said.includes('Stop with'))])
  return {
    pid: child.pid!,
    readyMs,
    tableMs,
    async stop() {
      child.kill('SIGTERM')
      await gone
    },
  }
}

async function isReady(): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/ready`)).ok
  } catch {
    return false
  }
}

/** Of the server's own process; Linux only. PostgreSQL's are beside it. */
function* memory(which: string, pid: number): Iterable<Line> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  yield { metric: `${which}_idle_rss`, value: megabytes('VmRSS'), unit: 'MB, target 200' }
  yield { metric: `${which}_peak_rss`, value: megabytes('VmHWM'), unit: 'MB' }
}

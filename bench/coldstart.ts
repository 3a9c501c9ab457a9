import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Line } from './run.ts'

/** After the last collection of what the start left behind, see `src/collect-start-up.ts`. */
const idleMs = 50_000

/** From nothing to the table of artists, from a stopped server to one that answers, and what it takes to wait. Absolute, since there is no bare thing to compare with. */
export async function* run(): AsyncIterable<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-bench-'))
  try {
    const first = await start(folder)
    yield { metric: 'first_start_to_table', value: first.tookMs, unit: 'ms' }
    await new Promise((resolve) => setTimeout(resolve, idleMs))
    yield { metric: 'idle_memory', value: residentBytes(first.process) / 2 ** 20, unit: 'MB resident' }
    await stop(first.process)
    const second = await start(folder)
    yield { metric: 'second_start', value: second.tookMs, unit: 'ms' }
    await stop(second.process)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Until it printed everything it has to say. */
async function start(dataDir: string): Promise<{ process: ChildProcess; tookMs: number }> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [join(import.meta.dirname, '../src/patchbay.mjs'), 'start'], {
    env: { ...process.env, PORT: '0', PATCHBAY_DATA_DIR: dataDir, PATCHBAY_LOG: 'error' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for await (const piece of child.stdout) {
    said += piece
    if (said.includes('Stop with Ctrl-C')) break
  }
  if (!said.includes('Stop with Ctrl-C')) throw new Error(`The server did not start:\n${said}`)
  child.stdout.resume()
  child.stderr.resume()
  return { process: child, tookMs: performance.now() - startedAt }
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

function residentBytes({ pid }: ChildProcess): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

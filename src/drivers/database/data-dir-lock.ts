import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processIdentity, processNamespace } from './process-identity.ts'

/** What the lock file says about its holder. */
interface Holder {
  pid: number
  identity: string | null
  namespace: string
  host: string
}

/**
 * Makes this process the only one that uses a data directory. The lock of a process that was killed is taken over at once; a
 * living one is left alone, and the error names it. A file and not `flock`, which Node does not offer: who holds it is
 * decided by process id and start time, or, across containers that share a volume, by whether the file is still touched, which
 * a holder does every `heartbeatMs`.
 */
export async function lockDataDir(dataDir: string, { heartbeatMs = 1_000 } = {}): Promise<{ release(): void }> {
  const path = join(dataDir, 'patchbay.lock')
  const mine: Holder = {
    pid: process.pid,
    identity: processIdentity(process.pid),
    namespace: processNamespace(),
    host: hostname(),
  }
  const text = `${JSON.stringify(mine)}\n`

  for (let attempt = 0; !createWhole(path, text); attempt++) {
    const found = readText(path)
    if (found === null) continue
    const holder = parseHolder(found)
    if (attempt > 50 || (holder && (await isAlive(path, holder, heartbeatMs))))
      throw new Error(inUse(dataDir, path, holder))
    removeStale(path, found)
  }

  const heartbeat = setInterval(() => touch(path), heartbeatMs)
  heartbeat.unref()
  return {
    release() {
      clearInterval(heartbeat)
      if (readText(path) === text) rmSync(path, { force: true })
    },
  }
}

async function isAlive(path: string, holder: Holder, heartbeatMs: number): Promise<boolean> {
  if (holder.namespace === processNamespace()) {
    return holder.identity !== null && processIdentity(holder.pid) === holder.identity
  }
  const before = modifiedAt(path)
  for (let waitedMs = 0; waitedMs < 5 * heartbeatMs; waitedMs += heartbeatMs / 10) {
    await sleep(heartbeatMs / 10)
    if (modifiedAt(path) !== before) return true
  }
  return false
}

/** Made beside and linked into place, so that nobody ever reads half a lock. */
function createWhole(path: string, text: string): boolean {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  writeFileSync(draft, text, { mode: 0o644 })
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Of several that found the same stale lock one gets to move it away; one that moved a newer lock by mistake puts it back. */
function removeStale(path: string, stale: string): void {
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    renameSync(path, aside)
    if (readText(aside) !== stale) linkSync(aside, path)
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function inUse(dataDir: string, path: string, holder: Holder | null): string {
  const where = holder && holder.host !== hostname() ? ` on ${holder.host}` : ''
  return [
    `Another Patchbay (process ${holder?.pid ?? 'unknown'}${where}) is using the data directory ${dataDir}.`,
    'Two servers on one directory would destroy each other’s data. Stop the other one, or give this one its own folder with',
    'PATCHBAY_DATA_DIR, or let both use one PostgreSQL server with DATABASE_URL.',
    `(The lock is ${path}; after a crash it is taken over without help.)`,
  ].join('\n')
}

function parseHolder(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text)
    return value && typeof value === 'object' && 'pid' in value ? (value as Holder) : null
  } catch {
    return null
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function modifiedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date())
  } catch {
    // A data directory that was deleted under a running server is reported by whatever needs it next.
  }
}

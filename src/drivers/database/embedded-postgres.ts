import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Log } from '../../ports/log.ts'
import { lockDataDir } from './data-dir-lock.ts'
import { openPostgresServer } from './postgres-server.ts'

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

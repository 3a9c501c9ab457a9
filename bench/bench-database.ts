import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../src/drivers/database/embedded-postgres.ts'
import { silentLog } from '../src/drivers/log/silent.ts'

/** PostgreSQL as an installation has it, every commit on disk, and a folder beside it. Tests have one that forgets, which would measure something else. */
export async function startBenchDatabase(): Promise<{ url: string; folder: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-bench-'))
  const forget = () => rmSync(folder, { recursive: true, force: true })
  try {
    const server = await startEmbeddedPostgres({ dataDir: folder, log: silentLog })
    return {
      url: server.url,
      folder,
      async stop() {
        await server.stop()
        forget()
      },
    }
  } catch (error) {
    forget()
    throw error
  }
}

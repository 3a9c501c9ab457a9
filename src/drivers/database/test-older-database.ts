import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import pg from 'pg'
import { openCapturedLog } from '../log/captured.ts'
import { migrate, readMigrations } from './migrate.ts'
import { openEmptyDatabase } from './test-database.ts'

/** A database as it was before the migration of that number, for what a later one does with the rows that are there. */
export async function openOlderDatabase(t: TestContext, before: string) {
  const database = await openEmptyDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-migrations-'))
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  t.after(async () => {
    await client.end()
    rmSync(folder, { recursive: true, force: true })
    await database.drop()
  })
  for (const { name, text } of readMigrations()) if (name < before) writeFileSync(join(folder, `${name}.sql`), text)
  const log = openCapturedLog()
  await migrate({ connection: database.url, log, folder })
  return {
    client,
    /** To today's. Returns the migrations that this took. */
    migrate: () => migrate({ connection: database.url, log }),
    /** The owner of the tables sees no row of any environment. */
    async asTenant<T>(work: () => Promise<T>): Promise<T> {
      await client.query(`set role patchbay_tenant; set app.environment = 'env_1'`)
      return work().finally(() => client.query('reset role'))
    },
  }
}

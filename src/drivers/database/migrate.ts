import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Log } from '../../ports/log.ts'

export interface Migration {
  /** `0001-connections`: the number orders them. */
  name: string
  text: string
  sha256: string
}

/**
 * Brings the database to the shape this code expects: runs what was not yet run, in order, each in its own transaction, and
 * returns the names. An applied migration never changes: its hash is on record, and a difference refuses the start. An older
 * server than the database is welcome, because migrations only add.
 */
export async function migrate(options: { connection: string; log: Log; folder?: string }): Promise<string[]> {
  const migrations = readMigrations(options.folder)
  return withConnection(options.connection, async (client) => {
    // Held until the connection ends: of two servers that start together, one waits and finds the work done.
    await client.query('select pg_advisory_lock($1)', [advisoryLock])
    const pending = await findPending(client, migrations)
    for (const migration of pending) {
      await apply(client, migration)
      options.log.info('database.migrated', { migration: migration.name })
    }
    return pending.map(({ name }) => name)
  })
}

/** What `migrate` would run, for `upgrade --check`. */
export async function pendingMigrations(options: { connection: string; folder?: string }): Promise<string[]> {
  const migrations = readMigrations(options.folder)
  const pending = await withConnection(options.connection, (client) => findPending(client, migrations))
  return pending.map(({ name }) => name)
}

export function readMigrations(folder = migrationsFolder): Migration[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
  const numbers = new Set<string>()
  return files.map((file) => {
    const [, name, number] = /^((\d{4})-[a-z0-9-]+)\.sql$/.exec(file) ?? []
    if (!name || !number) throw new Error(`${folder}/${file}: a migration is called 0001-what-it-does.sql`)
    if (numbers.has(number)) throw new Error(`${folder}: two migrations have the number ${number}`)
    numbers.add(number)
    const text = readFileSync(`${folder}/${file}`, 'utf8')
    return { name, text, sha256: createHash('sha256').update(text).digest('hex') }
  })
}

const migrationsFolder = fileURLToPath(new URL('../../../db/migrations', import.meta.url))

/** Any number will do, as long as every version of Patchbay uses the same. */
const advisoryLock = 4_400_001

async function findPending(client: pg.Client, migrations: Migration[]): Promise<Migration[]> {
  const { rows: tables } = await client.query(`select to_regclass('schema_migration') is not null as there`)
  if (!tables[0].there) return migrations
  const { rows } = await client.query<{ name: string; sha256: string }>('select name, sha256 from schema_migration')
  const applied = new Map(rows.map((row) => [row.name, row.sha256]))
  for (const { name, sha256 } of migrations) {
    const recorded = applied.get(name)
    if (recorded && recorded !== sha256) {
      throw new Error(
        `Migration ${name} was changed after this database ran it. Put the file back as it was, and make the change in a new migration.`,
      )
    }
  }
  return migrations.filter(({ name }) => !applied.has(name))
}

async function apply(client: pg.Client, { name, text, sha256 }: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query(`create table if not exists schema_migration (
      name text primary key,
      sha256 text not null,
      applied_at timestamptz not null
    )`)
    await client.query(text)
    await client.query('insert into schema_migration (name, sha256, applied_at) values ($1, $2, $3)', [
      name,
      sha256,
      new Date(),
    ])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw new Error(`Migration ${name} failed and left nothing behind: ${explain(error, text)}`)
  }
}

/** Says where in the file, and PostgreSQL's hint; not its detail, which quotes rows. */
function explain(error: unknown, text: string): string {
  const { message, position, hint } = error as Error & { position?: string; hint?: string }
  const line = position ? ` (line ${text.slice(0, Number(position)).split('\n').length})` : ''
  return `${message}${line}${hint ? `\n${hint}` : ''}`
}

async function withConnection<T>(connection: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: connection,
    application_name: 'patchbay migrate',
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => {})
  await client.connect()
  try {
    await refuseOldServer(client)
    return await work(client)
  } finally {
    await client.end()
  }
}

async function refuseOldServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query('show server_version_num')
  const version = Number(rows[0].server_version_num)
  if (version < 150_000)
    throw new Error(`DATABASE_URL is PostgreSQL ${Math.floor(version / 10_000)}; Patchbay needs 15 or later.`)
}

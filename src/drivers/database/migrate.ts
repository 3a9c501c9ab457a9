import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Log } from '../../ports/log.ts'
import { systemClock } from '../clock/system.ts'

export interface Migration {
  /** `0001-connections`: the number orders them. */
  name: string
  text: string
  sha256: string
  /**
   * Number of the migration that a server has to know to go on beside this one; null where every server goes on, because nothing is taken away. What
   * takes something away says so in a line of its own: `-- Needs servers from 0009 on: until then they read the column.`
   */
  needsFrom: string | null
}

/** How a database stands towards this code. */
export interface Standing {
  /** What this code would run, in order. */
  readonly pending: readonly Pick<Migration, 'name' | 'needsFrom'>[]
  /** What a newer version ran and this code does not know, in order. This code goes on beside all of it. */
  readonly ahead: readonly string[]
}

/** How long a migration waits for those who use its tables, and how often it begins anew. */
export interface LockPatience {
  readonly waitMs: number
  readonly pauseMs: number
  readonly attempts: number
}

/** While it waits for a table everybody else waits behind it, so it waits shorter than a statement of theirs may, and then lets them pass. */
const patient: LockPatience = { waitMs: 3_000, pauseMs: 1_000, attempts: 60 }

/**
 * Brings the database to the shape this code expects: runs what was not yet run, in order, each in its own transaction, and
 * returns the names. An applied migration never changes: its hash is on record, and a difference refuses the start. An older
 * server than the database is welcome where migrations only added; each says what it needs, also to those that do not have its file.
 */
export async function migrate(options: {
  connection: string
  log: Log
  folder?: string
  locks?: LockPatience
}): Promise<string[]> {
  const { log, locks = patient } = options
  const migrations = readMigrations(options.folder)
  return withConnection(options.connection, async (client) => {
    // Held until the connection ends: of two servers that start together, one waits and finds the work done.
    await client.query('select pg_advisory_lock($1)', [advisoryLock])
    const { pending, ahead } = await findStanding(client, migrations)
    if (ahead.length > 0) log.warn('database.ahead', { says: welcome(migrations, ahead) })
    for (const migration of pending) {
      await applyWithPatience(client, migration, locks, log)
      log.info('database.migrated', { migration: migration.name })
    }
    return pending.map(({ name }) => name)
  })
}

/** What `migrate` would run, and what it would find. Throws what it would throw before it runs anything. */
export async function readStanding(options: { connection: string; folder?: string }): Promise<Standing> {
  const migrations = readMigrations(options.folder)
  const { pending, ahead } = await withConnection(options.connection, (client) => findStanding(client, migrations))
  return { pending: pending.map(({ name, needsFrom }) => ({ name, needsFrom })), ahead }
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
    const needsFrom = /^-- Needs servers from (\d{4}) on\b/m.exec(text)?.[1] ?? null
    if (needsFrom !== null && needsFrom > number)
      throw new Error(`${folder}/${file}: it needs servers from ${needsFrom} on, which come after it`)
    return { name, text, sha256: createHash('sha256').update(text).digest('hex'), needsFrom }
  })
}

const migrationsFolder = fileURLToPath(new URL('../../../db/migrations', import.meta.url))

/** Any number will do, as long as every version of Patchbay uses the same. */
const advisoryLock = 4_400_001

async function findStanding(
  client: pg.Client,
  migrations: Migration[],
): Promise<{ pending: Migration[]; ahead: string[] }> {
  const { rows: tables } = await client.query(`select to_regclass('schema_migration') is not null as there`)
  if (!tables[0].there) return { pending: migrations, ahead: [] }
  // As JSON, because a database of an older version has no such column.
  const { rows } = await client.query<{ name: string; sha256: string; needs_from: string | null }>(
    `select name, sha256, to_jsonb(schema_migration) ->> 'needs_from' as needs_from from schema_migration order by name`,
  )
  const applied = new Map(rows.map((row) => [row.name, row.sha256]))
  for (const { name, sha256 } of migrations) {
    const recorded = applied.get(name)
    if (recorded && recorded !== sha256) {
      throw new Error(
        `Migration ${name} was changed after this database ran it. Put the file back as it was, and make the change in a new migration.`,
      )
    }
  }
  const known = new Set(migrations.map(({ name }) => name))
  const ahead = rows.filter(({ name }) => !known.has(name))
  const newest = migrations.at(-1)?.name ?? ''
  const beyond = ahead.filter(({ needs_from: from }) => from !== null && from > newest.slice(0, 4))
  if (beyond.length > 0) throw new Error(refusal(newest, beyond))
  return { pending: migrations.filter(({ name }) => !applied.has(name)), ahead: ahead.map(({ name }) => name) }
}

function welcome(migrations: readonly Migration[], ahead: readonly string[]): string {
  return `A newer version of Patchbay brought this database to ${ahead.at(-1)}; this one ends at ${migrations.at(-1)?.name}. It goes on, because nothing that it uses was taken away. Whoever deploys: replace it by the newer version when you can.`
}

function refusal(newest: string, beyond: readonly { name: string; needs_from: string | null }[]): string {
  const why = beyond.map(({ name, needs_from: from }) => `${name} works with servers from ${from} on`).join(', ')
  return `A newer version of Patchbay changed this database in a way that this one cannot work with: ${why}, and this one ends at ${newest || 'none'}. Nothing was started or changed. Whoever deploys: start the newer version. The older one can come back only with a backup from before.`
}

async function applyWithPatience(
  client: pg.Client,
  migration: Migration,
  { waitMs, pauseMs, attempts }: LockPatience,
  log: Log,
): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if ((await apply(client, migration, waitMs)) === 'done') return
    log.warn('database.migration_waits', { migration: migration.name, attempt })
    await systemClock.sleep(pauseMs)
  }
  throw new Error(
    `Migration ${migration.name} did not get the tables that it changes, ${attempts} times, and left nothing behind: a transaction holds them. Whoever keeps the database: find it in pg_stat_activity (state, xact_start), end it, and start again.`,
  )
}

async function apply(
  client: pg.Client,
  { name, text, sha256, needsFrom }: Migration,
  waitMs: number,
): Promise<'done' | 'locked'> {
  await client.query(`begin; set local lock_timeout = ${waitMs}`)
  try {
    await client.query(`create table if not exists schema_migration (
      name text primary key,
      sha256 text not null,
      applied_at timestamptz not null
    )`)
    await client.query('alter table schema_migration add column if not exists needs_from text')
    await client.query(text)
    await client.query('insert into schema_migration (name, sha256, applied_at, needs_from) values ($1, $2, $3, $4)', [
      name,
      sha256,
      new Date(),
      needsFrom,
    ])
    await client.query('commit')
    return 'done'
  } catch (error) {
    await client.query('rollback').catch(() => {})
    if ((error as { code?: string }).code === lockNotAvailable) return 'locked'
    throw new Error(`Migration ${name} failed and left nothing behind: ${explain(error, text)}`)
  }
}

const lockNotAvailable = '55P03'

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

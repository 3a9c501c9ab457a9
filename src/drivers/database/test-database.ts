import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Database } from '../../ports/database.ts'
import type { Log } from '../../ports/log.ts'
import { silentLog } from '../log/silent.ts'
import { lockDataDir } from './data-dir-lock.ts'
import { migrate, readMigrations } from './migrate.ts'
import { openPostgres } from './postgres.ts'
import { openPostgresServer } from './postgres-server.ts'

export interface TestDatabase {
  database: Database
  /** The connection string of the user who owns the tables. */
  url: string
  /** The same, under the name that the drivers use for it. */
  connection: string
  drop(): Promise<void>
}

/**
 * A database of its own for one test, with every migration applied: a clone of a template, which takes 20 ms. All tests share one
 * server. `npm test` starts it; a file that is run by itself starts it or joins one that runs, and the last one out stops it.
 */
export async function openTestDatabase(options: { poolSize?: number; log?: Log } = {}): Promise<TestDatabase> {
  const server = await testServerUrl()
  template ??= ensureTemplate(server)
  const { url, drop } = await createDatabase(server, { template: await template })
  const database = openPostgres({ connection: url, log: options.log ?? silentLog, poolSize: options.poolSize ?? 5 })
  return {
    database,
    url,
    connection: url,
    async drop() {
      await database.close()
      await drop()
    },
  }
}

/** A database without any tables, for tests of what makes them. */
export async function openEmptyDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  return createDatabase(await testServerUrl(), {})
}

/** Starts the shared server or joins the one that runs. `leave` stops it when nobody else uses it. */
export async function joinTestServer(): Promise<{ url: string; leave(): Promise<void> }> {
  const lock = await waitForLock()
  try {
    const server = await openPostgresServer({
      directory: `${testFolder}/postgres`,
      settings: forgetful,
      log: silentLog,
    })
    const presence = new pg.Client({ connectionString: server.url, application_name: 'patchbay tests' })
    presence.on('error', () => {})
    await presence.connect()
    if (await becomeOnly(presence)) {
      await removeLeftOvers(presence)
      await presence.query('select pg_advisory_unlock($1)', [presenceLock])
    }
    await presence.query('select pg_advisory_lock_shared($1)', [presenceLock])
    // Being present shall not keep a test process alive.
    stay(presence).unref()
    return {
      url: server.url,
      async leave() {
        const exit = await waitForLock()
        stay(presence).ref()
        await presence.query('select pg_advisory_unlock_shared($1)', [presenceLock])
        const last = await becomeOnly(presence)
        await presence.end()
        if (last) await server.stop()
        exit.release()
      },
    }
  } finally {
    lock.release()
  }
}

const testFolder = fileURLToPath(new URL('../../../.patchbay/test', import.meta.url))

/** It may lose everything in a power cut; it need not wait for the disk. */
const forgetful = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' }

/** Every process that uses the server shares it; who can have it alone is the only one. */
const presenceLock = 4_400_002
const templateLock = 4_400_003

let template: Promise<string> | undefined
let joined: Promise<string> | undefined

async function testServerUrl(): Promise<string> {
  if (process.env['PATCHBAY_TEST_DATABASE_URL']) return process.env['PATCHBAY_TEST_DATABASE_URL']
  joined ??= joinTestServer().then(({ url, leave }) => {
    process.once('beforeExit', () => void leave())
    return url
  })
  return joined
}

/** `pg` has both; its types do not say so. */
function stay(client: pg.Client): { ref(): void; unref(): void } {
  return client as unknown as { ref(): void; unref(): void }
}

async function becomeOnly(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query('select pg_try_advisory_lock($1) as only', [presenceLock])
  return rows[0].only
}

/** Databases of runs that were killed, and templates of migrations that have changed since. */
async function removeLeftOvers(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    `select datname from pg_database where datname ~ '^(test|draft|template)_' order by oid`,
  )
  const current = templateName()
  for (const { datname } of rows)
    if (datname !== current) await client.query(`drop database if exists ${datname} with (force)`)
}

function templateName(): string {
  const hash = createHash('sha256')
  for (const { name, sha256 } of readMigrations()) hash.update(`${name} ${sha256}\n`)
  return `template_${hash.digest('hex').slice(0, 16)}`
}

/** Made under another name, so that a template that exists is a whole one. */
async function ensureTemplate(server: string): Promise<string> {
  const name = templateName()
  await withClient(server, async (client) => {
    await client.query('select pg_advisory_lock($1)', [templateLock])
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name])
    if (rowCount) return
    const draft = name.replace('template', 'draft')
    await client.query(`drop database if exists ${draft} with (force)`)
    await client.query(`create database ${draft}`)
    await migrate({ connection: withDatabase(server, draft), log: silentLog })
    await client.query(`alter database ${draft} rename to ${name}`)
  })
  return name
}

async function createDatabase(server: string, { template }: { template?: string }) {
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`
  await withClient(server, (client) =>
    client.query(
      template ? `create database ${name} template ${template} strategy file_copy` : `create database ${name}`,
    ),
  )
  return {
    url: withDatabase(server, name),
    drop: () => withClient(server, (client) => dropDatabase(client, name)),
  }
}

/** After many rows an autovacuum may be at work in it, which only a superuser could end: it ends by itself. */
async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(`drop database if exists ${name} with (force)`)
      return
    } catch (error) {
      if ((error as { code?: string }).code !== '42501' || attempt > 100) throw error
      await sleep(100)
    }
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

async function withClient<T>(connection: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: connection })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function waitForLock() {
  mkdirSync(testFolder, { recursive: true, mode: 0o711 })
  for (let attempt = 1; ; attempt++) {
    try {
      return await lockDataDir(testFolder)
    } catch (error) {
      if (attempt > 600) throw error
      await sleep(50)
    }
  }
}

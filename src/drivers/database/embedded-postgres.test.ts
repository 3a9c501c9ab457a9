import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { silentLog } from '../log/silent.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts'

// One data directory through all of them, in order: making one takes most of the time.
const folder = mkdtempSync(join(tmpdir(), 'patchbay-postgres-'))
chmodSync(folder, 0o711)
const dataDir = join(folder, 'data')
after(() => rmSync(folder, { recursive: true, force: true }))

test('the first start makes a database, the second one finds it', async () => {
  await using first = await open()
  assert.equal(first.adopted, false)
  await query(first.url, 'create table kept (value text)')
  await query(first.url, `insert into kept values ('still here')`)
  await first.stop()
  assert.equal(existsSync(join(dataDir, 'patchbay.lock')), false)
  assert.equal(existsSync(join(dataDir, 'postgres', 'files', 'postmaster.pid')), false)

  await using second = await open()
  assert.equal(second.adopted, false)
  assert.deepEqual(await query(second.url, 'select value from kept'), [{ value: 'still here' }])
})

test('what is committed is on disk, and the connecting user is no superuser', async () => {
  await using server = await open()
  const settings = await query(
    server.url,
    `select name, setting from pg_settings where name in ('fsync', 'listen_addresses') order by name`,
  )
  assert.deepEqual(settings, [
    { name: 'fsync', setting: 'on' },
    { name: 'listen_addresses', setting: '' },
  ])
  assert.deepEqual(
    await query(server.url, 'select rolsuper, rolbypassrls from pg_roles where rolname = current_user'),
    [{ rolsuper: false, rolbypassrls: false }],
  )
})

test('the password is asked for, and readable by its owner only', async () => {
  await using server = await open()
  await assert.rejects(query(server.url.replace(/:[^:@]+@/, ':guessed@'), 'select 1'), /password authentication failed/)
  assert.equal(statSync(join(dataDir, 'postgres', 'password')).mode & 0o777, 0o600)
})

test('F91: after kill -9 the running database is adopted, and stopped by its new owner', async () => {
  const killed = await openInChild()
  const [before] = await query(killed.url, 'select pg_postmaster_start_time()::text as at')
  await killed.kill()

  await using server = await open()
  assert.equal(server.adopted, true)
  assert.deepEqual(await query(server.url, 'select pg_postmaster_start_time()::text as at'), [before])
  await server.stop()
  await assert.rejects(query(server.url, 'select 1'), /ENOENT/)
})

test('F85: a second server is refused, and told by whom', async () => {
  await using server = await open()
  await assert.rejects(
    startEmbeddedPostgres({ dataDir, log: silentLog }),
    new RegExp(`process ${process.pid}.*PATCHBAY_DATA_DIR`, 's'),
  )
  assert.deepEqual(await query(server.url, 'select 1 as still'), [{ still: 1 }])
})

test('F79: a database that dies is started again', async () => {
  await using server = await open()
  const postmaster = Number(readFileSync(join(dataDir, 'postgres', 'files', 'postmaster.pid'), 'utf8').split('\n')[0])
  process.kill(postmaster, 'SIGKILL')
  for (let attempt = 0; ; attempt++) {
    const rows = await query(server.url, 'select value from kept').catch(() => null)
    if (rows) break
    assert.ok(attempt < 100, 'it did not come back')
    await sleep(100)
  }
})

test('a pid file that names somebody else’s process does not stop a start', async () => {
  const pidFile = join(dataDir, 'postgres', 'files', 'postmaster.pid')
  const lines = [
    process.pid,
    join(dataDir, 'postgres', 'files'),
    1,
    5432,
    join(dataDir, 'postgres'),
    '',
    '',
    'ready',
    '',
  ]
  writeFileSync(pidFile, lines.join('\n'))
  await using server = await open()
  assert.equal(server.adopted, false)
})

test('where a socket’s path would be too long it listens on a port of this machine', async () => {
  const deep = join(folder, 'a-folder-in-a-folder-'.repeat(4))
  mkdirSync(deep, { mode: 0o711 })
  await using server = await open(join(deep, 'data'))
  assert.match(server.url, /@127\.0\.0\.1:\d+\/patchbay$/)
  assert.deepEqual(await query(server.url, 'show listen_addresses'), [{ listen_addresses: '127.0.0.1' }])
})

test('a start that fails says what PostgreSQL said', async () => {
  const configuration = join(dataDir, 'postgres', 'files', 'postgresql.auto.conf')
  const original = readFileSync(configuration)
  writeFileSync(configuration, 'no_such_setting = 1\n')
  await assert.rejects(startEmbeddedPostgres({ dataDir, log: silentLog }), /did not start.*no_such_setting/s)
  writeFileSync(configuration, original)
  assert.equal(existsSync(join(dataDir, 'patchbay.lock')), false)
})

test('a data directory of another version is refused with a way out', async () => {
  const version = join(dataDir, 'postgres', 'files', 'PG_VERSION')
  const original = readFileSync(version)
  writeFileSync(version, '15\n')
  await assert.rejects(startEmbeddedPostgres({ dataDir, log: silentLog }), /made by PostgreSQL 15.*DATABASE_URL/s)
  writeFileSync(version, original)
})

test('a lost password is not replaced by another one', async () => {
  rmSync(join(dataDir, 'postgres', 'password'))
  await assert.rejects(startEmbeddedPostgres({ dataDir, log: silentLog }), /password is missing/)
  assert.ok(!readdirSync(dataDir).includes('patchbay.lock'))
})

/** Stops by itself at the end of the test, if the test did not do it. */
async function open(directory = dataDir): Promise<EmbeddedPostgres & AsyncDisposable> {
  const server = await startEmbeddedPostgres({ dataDir: directory, log: silentLog })
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= server.stop()
    return stopped
  }
  return { ...server, stop, [Symbol.asyncDispose]: stop }
}

async function openInChild(): Promise<{ url: string; kill(): Promise<unknown> }> {
  const program = `
    import { startEmbeddedPostgres } from ${JSON.stringify(new URL('./embedded-postgres.ts', import.meta.url).href)}
    const log = { info() {}, warn() {}, error() {}, debug() {} }
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log })
    console.log(server.url)
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((done) => child.stdout.once('data', (text) => done(String(text).trim())))
  const ended = once(child, 'exit')
  return {
    url,
    kill() {
      child.kill('SIGKILL')
      return ended
    },
  }
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

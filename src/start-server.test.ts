import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { type Config, readConfig } from './config.ts'
import { openTestDatabase, type TestDatabase } from './drivers/database/test-database.ts'
import { noRedis, startTestRedis } from './drivers/limiter/test-redis.ts'
import { openRedactor } from './drivers/log/redactor.ts'
import { silentLog } from './drivers/log/silent.ts'
import { examine } from './examine.ts'
import { startServer } from './start-server.ts'
import { keyProvider, providers, until } from './test-server.ts'

let database: TestDatabase
let folder: string
before(async () => {
  database = await openTestDatabase()
  folder = mkdtempSync(join(tmpdir(), 'patchbay-start-'))
})
after(async () => {
  await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

const configuration = (env: Record<string, string> = {}): Config =>
  readConfig(
    {
      PORT: '0',
      DATABASE_URL: database.url,
      PATCHBAY_DATA_DIR: folder,
      PATCHBAY_ENCRYPTION_KEY: 'ab'.repeat(32),
      ...env,
    },
    { cwd: folder, settings: {} },
  )
const start = (config: Config) =>
  startServer(config, [keyProvider], {
    demo: false,
    log: { log: silentLog, registerSecret: (secret) => openRedactor().registerSecret(secret) },
  })

/** What a start says when it refuses. One that goes well is stopped, and is a failure. */
async function refuses(config: Config, says: RegExp): Promise<void> {
  const started = await start(config).catch((error: unknown) => error as Error)
  if (!(started instanceof Error)) await started.stop()
  assert.match(String(started instanceof Error ? started : 'it started'), says)
}

/** Does it with a database that somebody changed, and changes it back. */
async function whileDatabase(changed: string, back: string, work: () => Promise<void>) {
  const sql = new pg.Client({ connectionString: database.url })
  await sql.connect()
  await sql.query(changed)
  await work().finally(() => sql.query(back).finally(() => sql.end()))
}

test('on port 0 the server names the port that it got, everywhere', async () => {
  const server = await start(configuration())
  try {
    const { port } = new URL(server.url)
    assert.notEqual(port, '0')
    assert.equal(server.engine.setting.publicUrl, server.url)
    assert.equal((await fetch(`${server.url}/health`)).status, 200)
    assert.ok(new URL(await server.people.ownerLink()).port === port)
  } finally {
    await server.stop()
  }
  await server.stop()
  await assert.rejects(fetch(`${server.url}/health`))
})

test('a process that only works answers for its health, and for nothing else', async () => {
  const server = await start(configuration({ PATCHBAY_ROLES: 'worker' }))
  const { port } = new URL(server.engine.setting.publicUrl)
  const status = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status
  try {
    assert.deepEqual(await Promise.all(['/health', '/metrics'].map(status)), [200, 200])
    await until(async () => (await status('/ready')) === 200)
    assert.deepEqual(await Promise.all(['/v1/profiles', '/console/', '/openapi.json'].map(status)), [404, 404, 404])
  } finally {
    await server.stop()
  }
  await assert.rejects(status('/health'))
})

test('F92: told to stop, a server answers until what it began is done, and says that it takes no more', async () => {
  const server = await start(configuration())
  const finish = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const { jobs } = server.engine.deps
  await jobs.send('test.long', {})
  await jobs.work('test.long', { concurrency: 1, retries: 0 }, () => {
    begun.resolve()
    return finish.promise
  })
  await begun.promise
  let stopped = false
  const stopping = server.stop().then(() => {
    stopped = true
  })
  const ready = await fetch(`${server.url}/ready`)
  assert.equal(ready.status, 503)
  const { checks } = (await ready.json()) as { checks: Record<string, { ok: boolean }> }
  assert.equal(checks.process!.ok, false)
  assert.equal((await fetch(`${server.url}/health`)).status, 200)
  assert.equal(stopped, false)
  finish.resolve()
  await stopping
  await assert.rejects(fetch(`${server.url}/health`))
})

test('F76: a platform’s question is answered while the server is being replaced', async () => {
  const hooked = providers.find(({ webhooks }) => webhooks?.handshakes && webhooks.callbacks)!
  const starting = () =>
    startServer(configuration(), [hooked], { demo: false, log: { log: silentLog, registerSecret: () => {} } })
  const server = await starting()
  const integration = (await server.engine.deps.directory.integrations(server.test.id))[0]!
  const settings = { verifyToken: 'our word' }
  await server.engine.saveIntegration(server.test, { id: integration.id, provider: hooked.id, settings }, 'system')
  const ask = async (url: string) => {
    const query = 'hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=our%20word'
    const answer = await fetch(`${url}/hooks/${integration.id}?${query}`)
    return [answer.status, await answer.text()]
  }
  const finish = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const { jobs } = server.engine.deps
  await jobs.send('test.deploy', {})
  await jobs.work('test.deploy', { concurrency: 1, retries: 0 }, () => {
    begun.resolve()
    return finish.promise
  })
  await begun.promise
  const stopping = server.stop()
  let next: Awaited<ReturnType<typeof starting>> | null = null
  try {
    assert.equal((await fetch(`${server.url}/ready`)).status, 503)
    assert.deepEqual(await ask(server.url), [200, '1158201444'], 'the one that goes')
    next = await starting()
    assert.deepEqual(await ask(next.url), [200, '1158201444'], 'the one that comes')
  } finally {
    finish.resolve()
    await stopping
    await next?.stop()
  }
})

test('F84: Redis decides quotas where it is told of one, and nothing waits for it', { skip: noRedis }, async () => {
  const redis = await startTestRedis({ password: 'open sesame' })
  const config = configuration({ REDIS_URL: redis.url })
  const checksOf = async ({ url }: { url: string }) => {
    const answer = await fetch(`${url}/ready`)
    const { checks } = (await answer.json()) as { checks: Record<string, { says: string }> }
    return { status: answer.status, says: checks['quotas']!.says }
  }
  const doctorSays = async (of: Config) => (await examine(of, [])).find(({ what }) => what === 'redis')
  try {
    const server = await start(config)
    try {
      await until(async () => (await checksOf(server)).status === 200)
      assert.equal((await checksOf(server)).says, 'Redis answers')
      assert.match((await doctorSays(config))!.says, /^127\.0\.0\.1:\d+ answers: \d/)
      const wrong = await doctorSays(configuration({ REDIS_URL: redis.url.replace('open', 'shut') }))
      assert.equal(wrong!.state, 'warning')
      assert.match(wrong!.says, /REDIS_URL: 127\.0\.0\.1:\d+: .*WRONGPASS/)
      await redis.stop()
      await until(async () => (await checksOf(server)).says === 'Redis is away, PostgreSQL decides')
      assert.equal((await checksOf(server)).status, 200)
    } finally {
      await server.stop()
    }
    const without = await start(config)
    try {
      assert.equal((await checksOf(without)).says, 'Redis is away, PostgreSQL decides')
    } finally {
      await without.stop()
    }
  } finally {
    await redis.stop()
  }
})

test('what was made in one start is there in the next: environments, integrations, the session secret', async () => {
  const seen = []
  for (let round = 0; round < 2; round++) {
    const server = await start(configuration())
    const integrations = await server.engine.deps.directory.integrations(server.test.id)
    seen.push([server.test.id, integrations.map(({ id, createdAt }) => [id, createdAt])])
    await server.stop()
  }
  assert.deepEqual(seen[0], seen[1])
})

test('T50: with another key nothing starts and nothing is written', async () => {
  await refuses(configuration({ PATCHBAY_ENCRYPTION_KEY: 'cd'.repeat(32) }), /key/i)
  await (await start(configuration())).stop()
})

test('T55: where one environment could see another’s rows, nothing starts', async () => {
  await whileDatabase(
    'alter table connection disable row level security',
    'alter table connection enable row level security',
    () => refuses(configuration(), /connection/),
  )
  await whileDatabase(
    'alter table account_grant no force row level security',
    'alter table account_grant force row level security',
    () => refuses(configuration(), /account_grant/),
  )
  await (await start(configuration())).stop()
})

test('a port that is taken, and a sandbox that is not there, are said in a sentence; nothing stays behind', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  await refuses(
    configuration({ PORT: String(port), PATCHBAY_SANDBOX_PORT: '0' }),
    /^Error: Port \d+ is taken\. Stop what listens there, or set PORT/,
  )
  await refuses(configuration({ PATCHBAY_SANDBOX_PORT: String(port) }), /for the sandbox, is taken/)
  await new Promise((resolve) => other.close(resolve))
  await refuses(
    configuration({ PATCHBAY_SANDBOX_URL: 'http://127.0.0.1:1' }),
    /^Error: The sandbox at http:\/\/127\.0\.0\.1:1 does not answer/,
  )
  assert.ok(
    readdirSync(folder).every((name) => name.startsWith('sandbox.json')),
    readdirSync(folder).join(' '),
  )
})

test('F102: a data directory that cannot be made is said in a sentence with a way out', async () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  // As where everything is mounted read-only, which a test could not bring about as root.
  await refuses(
    configuration({ PATCHBAY_DATA_DIR: join(file, 'data') }),
    /^Error: The data directory .*a-file\/data cannot be made \(ENOTDIR\)\. Set PATCHBAY_DATA_DIR/,
  )
  rmSync(file)
})

test('the demo’s file is its owner’s alone, and its key works', async () => {
  const config = configuration()
  const server = await startServer(config, [keyProvider], {
    demo: true,
    log: { log: silentLog, registerSecret: () => {} },
  })
  try {
    assert.equal(statSync(join(folder, 'demo.json')).mode & 0o777, 0o600)
    const { testKey, url } = server.demo!
    assert.equal((await fetch(`${url}/v1/profiles`, { headers: { authorization: `Bearer ${testKey}` } })).status, 200)
  } finally {
    await server.stop()
  }
})

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { silentLog } from './drivers/log/silent.ts'
import { startServer } from './start-server.ts'
import { type DatabaseWay, openDatabaseWay } from './test-database-way.ts'
import { keyProvider, providers, startTestServer, type TestServer, until } from './test-server.ts'

/**
 * The whole server over a PostgreSQL that refuses every write, in the words in which it does so when its disk is full: what changes a row raises what
 * it would raise. It is the database that refuses, so everything of ours is what runs in production.
 */
let server: TestServer
let way: DatabaseWay
let owner: pg.Client
let connection: string
const hooked = providers.find(({ webhooks }) => webhooks?.callbacks)!
let integration: string

before(async () => {
  server = await startTestServer({
    async way(url) {
      way = await openDatabaseWay(url)
      return way
    },
  })
  owner = new pg.Client({ connectionString: server.database.url })
  await owner.connect()
  connection = (await server.connect(keyProvider)).id
  integration = (await server.client().integrations.list()).data.find(({ provider }) => provider === hooked.id)!.id
})
after(async () => {
  way?.mend()
  await owner?.end()
  await server?.stop()
})

/** Every table of ours and of the job queue raises `state` for whoever writes, until the work is done. */
async function whileWritesFail(state: string, work: () => Promise<void>): Promise<void> {
  const { rows: tables } = await owner.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema')`,
  )
  await owner.query(`create or replace function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'could not extend file' using errcode = '${state}'; end $$`)
  const each = (statement: (name: string) => string) => owner.query(tables.map(({ name }) => statement(name)).join(';'))
  await each(
    (name) => `create trigger refuse before insert or update on ${name} for each statement execute function refuse()`,
  )
  try {
    await work()
  } finally {
    await each((name) => `drop trigger refuse on ${name}`)
  }
}

/** As the platform sends it. */
async function sendMessage(id: string) {
  const body = JSON.stringify({
    object: hooked.id,
    entry: [{ id: 'nobody', changes: [{ field: 'comments', value: { id, text: 'A comment' } }] }],
  })
  const secret = server.sandbox.apps.first(hooked.id).clientSecret!
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
  const headers = { 'x-hub-signature-256': signature }
  return server.ask('POST', `/hooks/${integration}`, { key: null, body, headers })
}

const kept = async () => (await server.client().messages.list({ limit: 200 })).data.length

const reads = (): string[] => [
  '/v1/connections',
  `/v1/connections/${connection}`,
  `/v1/metrics?connection=${connection}`,
  '/v1/profiles',
  '/v1/runs',
  '/v1/events',
  '/v1/messages',
  '/v1/tasks',
  '/v1/quotas',
  '/v1/integrations',
  '/health',
  '/metrics',
]

test('F81: with a full disk everything can be read, nothing is acknowledged that is not kept, and it goes on by itself', async () => {
  assert.equal((await sendMessage('before')).status, 200)
  const { deps } = server.engine
  // The use of a key is noted once a minute; that the minute is over must not be in the way of who reads.
  const fresh = await server.keyOf(server.environments.test, ['*'])
  await whileWritesFail('53100', async () => {
    for (const path of reads()) {
      const answer = await server.ask('GET', path, { key: fresh })
      assert.equal(answer.status, 200, `${path}: ${answer.text}`)
    }
    for (const refused of [
      await sendMessage('during'),
      await server.ask('POST', '/v1/keys', { key: fresh, body: { name: 'no room', scopes: ['*'] } }),
      await server.ask('PUT', '/v1/profiles/no-room', { key: fresh, body: { name: 'No room' } }),
    ]) {
      assert.equal(refused.status, 503, refused.text)
      assert.ok(Number(refused.headers.get('retry-after')) > 0, refused.text)
      assert.deepEqual([refused.json.code, refused.json.fixedBy], ['platform.storage', 'operator'])
    }
    // A reading that is due meanwhile cannot be written down, and is nobody's fault.
    await assert.rejects(deps.schedule.wake(server.environments.test.id, connection, { lane: 'interactive', at: 0 }))
  })
  assert.equal(await kept(), 1)
  assert.equal((await sendMessage('during')).status, 200)
  assert.equal(await kept(), 2)
  const askedAt = Date.now()
  await server.client().connections.refresh({ id: connection })
  await until(async () => {
    const slots = await deps.schedule.of(server.environments.test.id, [connection])
    return slots.some(({ syncedAt }) => syncedAt !== null && syncedAt >= askedAt)
  })
  assert.equal((await server.client().connections.read({ id: connection })).state, 'healthy')
})

test('F82: a database that has more to do than it can is said to be busy and not to be a bug', async () => {
  for (const state of ['53300', '55P03', '57014'])
    await whileWritesFail(state, async () => {
      const answer = await server.ask('POST', '/v1/keys', { body: { name: 'busy', scopes: ['*'] } })
      assert.equal(answer.status, 503, answer.text)
      assert.ok(Number(answer.headers.get('retry-after')) > 0)
      assert.deepEqual([answer.json.code, answer.json.fixedBy], ['platform.busy', 'time'])
    })
  assert.deepEqual(
    server.lines.filter((line) => line.includes('"api.bug"')),
    [],
  )
})

test('F79: while the database is away everybody is told to come again, and nobody that it is a bug; then it goes on by itself', async () => {
  const link = await fetch(await server.server.people.ownerLink(), { redirect: 'manual' })
  const cookie = link.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
  const session = { cookie, 'sec-fetch-site': 'same-origin', 'x-patchbay-environment': server.environments.test.id }
  const ask = {
    read: () => server.ask('GET', `/v1/connections/${connection}`),
    write: () => server.ask('PUT', '/v1/profiles/away', { body: { name: 'Away' } }),
    job: () => server.ask('POST', '/v1/vault/rotate-data-keys', { body: {} }),
    person: () => server.ask('GET', '/v1/profiles', { key: null, headers: session }),
    message: () => sendMessage('away'),
  }
  const all = async () =>
    Object.fromEntries(await Promise.all(Object.entries(ask).map(async ([name, one]) => [name, await one()] as const)))
  way.cut()
  const refused = await all()
  for (const [name, { status, headers, json, text }] of Object.entries(refused)) {
    assert.equal(status, 503, `${name}: ${text}`)
    assert.ok(Number(headers.get('retry-after')) > 0, name)
    assert.deepEqual([json.code, json.fixedBy], ['platform.storage', 'operator'], name)
  }
  assert.equal((await server.ask('GET', '/health')).status, 200)
  const ready = await server.ask('GET', '/ready')
  assert.deepEqual([ready.status, ready.json.checks.database.ok], [503, false])
  const numbers = await server.ask('GET', '/metrics')
  assert.deepEqual(
    [numbers.status, /^patchbay_database_up .*$/m.exec(numbers.text)?.[0]],
    [200, 'patchbay_database_up 0'],
  )
  way.mend()
  const { read, write, person, message } = await all()
  assert.deepEqual(
    [read, write, person, message].map((answer) => answer!.status),
    [200, 200, 200, 200],
  )
  await until(async () => (await server.ask('GET', '/ready')).status === 200)
  // A transaction that was broken off is begun anew, without a word to whoever waits for it.
  const during = Promise.all(Array.from({ length: 20 }, () => ask.read()))
  way.cut()
  way.mend()
  assert.ok((await during).every(({ status }) => status === 200))
})

test('F92: told to stop while the database is away, a server closes what it has and is gone', async () => {
  const log = { log: silentLog, registerSecret: () => {} }
  const other = await startServer(server.config, [keyProvider], { demo: false, log })
  assert.equal((await fetch(`${other.url}/health`)).status, 200)
  way.cut()
  try {
    // What could not be written is said; that it was not is no reason to stay.
    const ended = other.stop().then(
      () => 'ended',
      () => 'ended',
    )
    const patience = new AbortController()
    assert.equal(await Promise.race([ended, sleep(stopWithinMs, 'still there', { signal: patience.signal })]), 'ended')
    patience.abort()
    await assert.rejects(fetch(`${other.url}/health`))
  } finally {
    way.mend()
  }
})

/** What the deployment gives a process between being told to stop and being killed, halved. */
const stopWithinMs = 50_000

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { runCli } from './cli/run-cli.ts'
import { providers, startTestServer, type TestServer, until } from './test-server.ts'

/** A platform with several accounts to a message, a handshake and callbacks, whose dialect is Meta's. */
const provider = providers.find(({ webhooks }) => webhooks?.callbacks)!
const clientSecret = () => server.sandbox.apps.first(provider.id).clientSecret!

let server: TestServer
let integration: string
before(async () => {
  server = await startTestServer()
  integration = (await server.client().integrations.list()).data.find((one) => one.provider === provider.id)!.id
  await server
    .client()
    .integrations.save({ id: integration, provider: provider.id, settings: { verifyToken: 'our word' } })
})
after(() => server.stop())

const bodyOf = (entries: { id: string; changes: { field: string; value: object }[] }[]) =>
  JSON.stringify({ object: provider.id, entry: entries })

const commentOn = (account: string, id: string) =>
  bodyOf([{ id: account, changes: [{ field: 'comments', value: { id, text: 'schön' } }] }])

const sign = (body: string | Uint8Array) => `sha256=${createHmac('sha256', clientSecret()).update(body).digest('hex')}`

async function post(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, path = integration) {
  const response = await fetch(`${server.url}/hooks/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': sign(body), ...headers },
    body,
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** Of a machine that does much else. */
const patienceMs = 60_000

const client = () => server.client()
const messages = async () => (await client().messages.list({ limit: 200 })).data

test('T35: the address is answered with the platform’s question, as plain text that nothing can be put into', async () => {
  const ask = (query: string) => fetch(`${server.url}/hooks/${integration}?hub.mode=subscribe&${query}`)
  const right = await ask('hub.challenge=1158201444&hub.verify_token=our%20word')
  assert.deepEqual([right.status, await right.text()], [200, '1158201444'])
  assert.match(right.headers.get('content-type')!, /^text\/plain/)
  assert.equal(right.headers.get('x-content-type-options'), 'nosniff')
  assert.equal((await ask('hub.challenge=1&hub.verify_token=another')).status, 401)
  assert.equal((await ask('hub.challenge=%3Cscript%3E&hub.verify_token=our%20word')).status, 401)
})

test('a comment is acknowledged, kept within seconds for whoever it belongs to, and has its stream read', async () => {
  const connection = await server.connect(provider, { artist: 3, profile: 'hooked' })
  const { id: account } = connection.account
  const { schedule } = server.engine.deps
  const slots = () => schedule.of(server.environments.test.id, [connection.id])
  // What wakes a stream that was never read is its first reading.
  await until(
    async () => (await slots()).some(({ stream, syncedAt }) => stream === 'media' && syncedAt !== null),
    patienceMs,
  )
  const startedAt = Date.now()
  const answer = await post(commentOn(account, 'c1'))
  assert.deepEqual([answer.status, answer.text], [200, 'ok'])
  await until(
    async () => (await client().records.list({ kind: 'comment', connection: connection.id })).data.length === 1,
    patienceMs,
  )
  assert.ok(Date.now() - startedAt < 30_000)
  const { data } = await client().records.list({ kind: 'comment', profile: 'hooked' })
  assert.deepEqual([data[0]!.key, data[0]!.data], ['comments/c1', { id: 'c1', text: 'schön' }])
  const [message] = await messages()
  assert.deepEqual([message!.state, message!.accounts, message!.effects!.records], ['processed', [account], 1])
  // It was read a moment ago, so its turn comes five minutes later; nobody waits for that here.
  const { lane, dueAt, lastEndedAt } = (await slots()).find(({ stream }) => stream === 'media')!
  assert.deepEqual([lane, dueAt], ['webhook', lastEndedAt! + 300_000])
  await schedule.wake(server.environments.test.id, connection.id, { streams: ['media'], lane, at: Date.now() })
  await until(
    async () =>
      (await client().runs.list({ connection: connection.id })).data.some(({ trigger }) => trigger === 'webhook'),
    patienceMs,
  )
  const whole = await client().messages.get({ id: message!.id })
  assert.equal(whole.body, commentOn(account, 'c1'))
  const { data: events } = await client().events.list({ type: 'record.created' })
  assert.equal(events.length, 1)
  assert.ok(!JSON.stringify(events).includes('schön'), 'an event says no more than it has to')
})

test('F77, T29: what is not signed, not ours or too large is refused in the words of the API and leaves nothing', async () => {
  const before = (await messages()).length
  const problem = async (answer: { status: number; headers: Headers; text: string }, status: number, code: string) => {
    assert.equal(answer.status, status, answer.text)
    assert.equal(answer.headers.get('content-type'), 'application/problem+json')
    assert.equal(JSON.parse(answer.text).code, code)
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
  }
  await problem(await post('{}', { 'x-hub-signature-256': 'sha256=00' }), 401, 'input.unauthenticated')
  await problem(await post('{}', { 'x-hub-signature-256': '' }), 401, 'input.unauthenticated')
  await problem(await post('{}', {}, 'int_nothing'), 404, 'input.unknown')
  await problem(await post('{}', {}, `${integration}/nothing`), 404, 'input.unknown')
  await problem(await post('{}', {}, '%00'), 404, 'input.unknown')
  await problem(await post('x'.repeat(1024 * 1024 + 1)), 413, 'input.too_large')
  const other = await fetch(`${server.url}/hooks/${integration}`, { method: 'DELETE' })
  assert.equal(other.status, 404)
  assert.equal((await messages()).length, before)
  // What the framework refused before anybody saw it is among what is counted.
  const answered = async (labels: string) => {
    const text = await (await fetch(`${server.url}/metrics`)).text()
    return Number(new RegExp(`^patchbay_messages_answered_total\\{${labels}\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
  }
  await until(async () => (await answered(`provider="${provider.id}",outcome="too_large"`)) === 1)
  assert.equal(await answered(`provider="${provider.id}",outcome="unsigned"`), 1)
  assert.equal(await answered('provider="unknown",outcome="unknown_address"'), 2)
  assert.ok((await answered(`provider="${provider.id}",outcome="accepted"`)) > 0)
})

test('F77: bytes that are no JSON, of whatever kind they are said to be, are kept as they came', async () => {
  const bytes = new Uint8Array(gzipSync('{"object":"x"}'))
  for (const type of [
    'application/json',
    'application/octet-stream',
    'multipart/form-data; boundary=x',
    'no/kind; at all',
  ])
    await post(bytes, { 'content-type': type, 'x-hub-signature-256': sign(bytes) })
  await until(async () => (await messages()).every(({ state }) => state !== 'received'))
  const [kept] = await messages()
  const whole = await client().messages.get({ id: kept!.id })
  assert.deepEqual(Buffer.from(whole.bodyBase64!, 'base64'), Buffer.from(bytes))
  assert.deepEqual([kept!.state, kept!.fault?.fixedBy], ['failed', 'platform'])
})

test('a person can see what became of a request to delete', async () => {
  const connection = await server.connect(provider, { artist: 5, profile: 'leaving' })
  const claims = Buffer.from(JSON.stringify({ user_id: connection.account.id, algorithm: 'HMAC-SHA256' })).toString(
    'base64url',
  )
  const signature = createHmac('sha256', clientSecret()).update(claims).digest('base64url')
  const form = new URLSearchParams({ signed_request: `${signature}.${claims}` }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await post(form, headers, `${integration}/delete`)
  assert.equal(answer.status, 200)
  const { url, confirmation_code: code } = JSON.parse(answer.text)
  await until(async () => (await (await fetch(url)).text()).includes('was deleted on'))
  const page = await fetch(url)
  assert.match(page.headers.get('content-type')!, /^text\/html/)
  assert.ok((await page.text()).includes(code))
  assert.equal((await client().connections.read({ id: connection.id })).state, 'disconnected')
  assert.equal((await fetch(url.replace(code, 'f'.repeat(32)))).status, 404)
  assert.equal((await post(form.slice(0, -3), headers, `${integration}/delete`)).status, 401)
})

test('the command line lists, shows and replays', async () => {
  const run = async (...argv: string[]) => {
    const lines: string[] = []
    const code = await runCli({
      ...{ argv: ['messages', ...argv], isTerminal: false, remark: (text) => lines.push(text) },
      ...{ out: (text) => lines.push(text), client: () => client(), services: {} as never },
    })
    return { code, text: lines.join('\n') }
  }
  const listed = JSON.parse((await run('ls', '--failed', '--json')).text)
  assert.equal(listed.data.length, 1)
  const { id } = listed.data[0]
  assert.match((await run('ls')).text, /processed/)
  assert.match((await run('show', id)).text, /x-hub-signature-256/)
  const preview = await run('replay', '--failed', '--preview')
  assert.ok(preview.text.includes(id))
  assert.match((await run('replay', '--failed')).text, /^1 wait/)
  await until(async () => (await messages()).every(({ state }) => state !== 'received'))
  assert.deepEqual([(await run('replay')).code, (await run('nothing')).code], [2, 2])
  assert.equal((await run('replay', 'msg_nothing')).text, '0 wait to be worked through again')
})

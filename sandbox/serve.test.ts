import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { SandboxClock } from './clock.ts'
import { openSandbox } from './sandbox.ts'
import { serveSandbox } from './serve.ts'
import { clientOf, ManualClock, redirectUri, testProvider, verifier } from './test-provider.ts'

const provider = testProvider()
const clock = new SandboxClock(new ManualClock('2026-03-02T12:00:00Z'))
const sandbox = openSandbox({ providers: [provider], clock, seed: 'test', artists: 12 })
const { url, close } = await serveSandbox(sandbox)
after(close)

const get = async (path: string, headers: Record<string, string> = {}) =>
  await fetch(url + path, { redirect: 'manual', headers })
const post = async (path: string, body: unknown, type = 'application/json') =>
  await fetch(url + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': type },
    body: body instanceof URLSearchParams || typeof body === 'string' ? body : JSON.stringify(body),
  })

test('a script walks consent with two requests, and the token works over HTTP', async () => {
  const { data: artists } = (await (await get('/_sandbox/artists?limit=1')).json()) as { data: { key: string }[] }
  const { data: apps } = (await (await get('/_sandbox/apps')).json()) as {
    data: { clientId: string; clientSecret: string }[]
  }
  const query = clientOf(sandbox, provider).authorizeQuery()
  const page = await get(`/accounts.tuneful.example/oauth/authorize?${query}`)
  assert.match(await page.text(), /action="\.\/authorize\/decide\?/)

  const form = new URLSearchParams([
    ['persona', artists[0]!.key],
    ['decision', 'allow'],
    ['scope', 'fans'],
    ['scope', 'profile'],
  ])
  const decided = await fetch(`${url}/accounts.tuneful.example/oauth/authorize/decide?${query}`, {
    method: 'POST',
    body: form,
    redirect: 'manual',
  })
  const back = new URL(decided.headers.get('location')!)
  assert.equal(back.origin + back.pathname, redirectUri)

  const exchanged = await fetch(`${url}/accounts.tuneful.example/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${apps[0]!.clientId}:${apps[0]!.clientSecret}`)}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: back.searchParams.get('code')!,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    }),
  })
  const { access_token } = (await exchanged.json()) as { access_token: string }
  const me = await get('/api.tuneful.example/v1/me', { authorization: `Bearer ${access_token}` })
  assert.equal(((await me.json()) as { id: string }).id, artists[0]!.key)
  assert.equal(me.headers.get('date'), 'Mon, 02 Mar 2026 12:00:00 GMT')
})

test('a lost answer closes the socket, and a cut one ends too early', async () => {
  sandbox.weather.add({ id: 'lose', kind: 'lose' })
  await assert.rejects(get('/api.tuneful.example/v1/artists/all'))
  sandbox.weather.clear()
  sandbox.weather.add({ kind: 'truncate' })
  const cut = await get('/api.tuneful.example/v1/me')
  assert.equal(cut.status, 401)
  await assert.rejects(cut.text())
  sandbox.weather.clear()
})

test('hosts that nobody has are told apart', async () => {
  const response = await get('/api.unknown.example/v1/me')
  assert.equal(response.status, 404)
  assert.deepEqual(((await response.json()) as { hosts: string[] }).hosts, [
    'accounts.tuneful.example',
    'api.tuneful.example',
  ])
})

test('the index is JSON for programs and a page for people', async () => {
  const index = (await (await get('/_sandbox')).json()) as { origin: string; artists: number }
  assert.deepEqual([index.origin, index.artists], [url, 12])
  assert.match(await (await get('/_sandbox', { accept: 'text/html' })).text(), /This is the sandbox/)
  assert.equal((await get('/')).headers.get('location'), '/_sandbox')
})

test('control: clock, weather, apps, tokens, quotas, rules, ledger, truth', async () => {
  const json = async (response: Response) => (await response.json()) as Record<string, unknown>
  assert.equal((await json(await post('/_sandbox/clock', { advanceMs: 60_000 }))).at, '2026-03-02T12:01:00.000Z')
  assert.equal(
    (await json(await post('/_sandbox/clock', { to: '2026-03-03T00:00:00Z' }))).at,
    '2026-03-03T00:00:00.000Z',
  )
  assert.deepEqual((await json(await post('/_sandbox/weather', { kind: 'drop', id: 'rain', probability: 0.5 }))).ids, [
    'rain',
  ])
  assert.deepEqual((await json(await fetch(`${url}/_sandbox/weather?id=rain`, { method: 'DELETE' }))).data, [])
  const nobodys = await post('/_sandbox/weather', { kind: 'drop', provider: 'nobody' })
  assert.equal(nobodys.status, 400)
  assert.equal((await json(nobodys)).message, `there is no provider nobody; there are: ${provider.id}`)
  const made = await json(
    await post('/_sandbox/apps', { provider: 'tuneful', name: 'Other', redirectUris: ['https://other.example/back'] }),
  )
  assert.equal(made.anyLoopback, false)
  const account = sandbox.world.artists[0]!.key
  assert.deepEqual(await json(await post('/_sandbox/tokens', { provider: 'tuneful', account, action: 'revoke' })), {
    grants: 1,
  })
  assert.deepEqual((await json(await get(`/_sandbox/artists/${account}`))).key, account)
  await post('/_sandbox/quotas', { provider: 'tuneful', quota: 'general', limit: 3 })
  assert.equal(sandbox.quotas.list('tuneful')[0]!.limit, 3)
  const rules = await json(await post('/_sandbox/rules', { provider: 'tuneful', graceMs: 0, accessMs: 60_000 }))
  assert.deepEqual(rules, { accessMs: 60_000, rotates: true, graceMs: 0 })
  assert.deepEqual((await json(await get('/_sandbox/rules'))).tuneful, rules)
  assert.ok(((await json(await get('/_sandbox/ledger?limit=5'))).recent as unknown[]).length > 0)
  const truth = await json(await get(`/_sandbox/truth?provider=tuneful&artist=${account}`))
  assert.deepEqual([truth.from, truth.to, (truth.data as unknown[]).length], ['2026-02-25', '2026-03-03', 1])
})

test('control: what is wrong is said, with 400', async () => {
  for (const [path, body] of [
    ['clock', { advanceMs: -1 }],
    ['clock', {}],
    ['weather', { kind: 'hail' }],
    ['weather', { kind: 'drop', probability: 2 }],
    ['weather', { kind: 'drop', route: 'nonsense' }],
    ['apps', { provider: 'nobody' }],
    ['tokens', { provider: 'tuneful', artist: 'nobody', action: 'revoke' }],
    ['quotas', { provider: 'tuneful', quota: 'nothing', limit: 1 }],
    ['rules', { provider: 'nobody', rotates: true }],
    ['clock', 'not json'],
  ] as const) {
    const response = await post(`/_sandbox/${path}`, body)
    assert.equal(response.status, 400, `${path} ${JSON.stringify(body)}`)
    assert.ok(((await response.json()) as { message: string }).message.length > 5)
  }
  assert.equal((await get('/_sandbox/truth?provider=tuneful')).status, 400)
  assert.equal((await get('/_sandbox/nothing')).status, 404)
  assert.equal((await post('/_sandbox/ledger', {})).status, 405)
  assert.equal(
    (await post('/_sandbox/clock', new URLSearchParams({ rate: '9' }), 'application/x-www-form-urlencoded')).status,
    415,
  )
})

test('a body that is too large is refused', async () => {
  assert.equal((await post('/api.tuneful.example/v1/notes', 'x'.repeat(5_000_001))).status, 413)
})

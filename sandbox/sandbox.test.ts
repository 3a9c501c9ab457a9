import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiKey, basic, clientCredentials, type Provider } from '@patchbay/kit'
import { NetworkFailure } from '../src/ports/network.ts'
import { openSandbox } from './sandbox.ts'
import { clientOf, ManualClock, openTestSandbox, testProvider } from './test-provider.ts'

/** The made-up provider with another way to prove oneself. */
function openWith(auth: Provider['auth']) {
  const provider: Provider = { ...testProvider(), auth }
  const sandbox = openSandbox({ providers: [provider], clock: new ManualClock(0), seed: 'test', artists: 12 })
  const { send, post, artist } = clientOf(sandbox, provider)
  const { credentials } = sandbox.personas.persona(provider, artist)
  const me = (headers: Record<string, string>, query = '') =>
    send('GET', `https://api.tuneful.example/v1/me${query}`, headers)
  return { me, post, artist, credentials }
}

test('API keys, in a header or the query, belong to a persona', async () => {
  const header = openWith(apiKey({ carry: { header: 'X-Key', prefix: '' } }))
  assert.equal((await header.me({ 'x-key': header.credentials.key! })).json.id, header.artist.key)
  assert.equal((await header.me({ 'x-key': 'wrong' })).json.error, 'invalid')
  assert.equal((await header.me({})).json.error, 'missing')
  const query = openWith(apiKey({ carry: { query: 'key' } }))
  assert.equal((await query.me({}, `?key=${query.credentials.key}`)).json.id, query.artist.key)
})

test('name and password as basic authentication', async () => {
  const { me, credentials, artist } = openWith(basic({ username: 'Name', password: 'Password' }))
  const authorization = `Basic ${btoa(`${credentials.username}:${credentials.password}`)}`
  assert.equal((await me({ authorization })).json.id, artist.key)
  assert.equal((await me({ authorization: `Basic ${btoa(`${credentials.username}:wrong`)}` })).status, 401)
})

test('an account’s own client id and secret give short tokens', async () => {
  const tokenUrl = 'https://accounts.tuneful.example/oauth/token'
  const { me, post, credentials, artist } = openWith(clientCredentials({ tokenUrl, client: 'body' }))
  const params = {
    grant_type: 'client_credentials',
    client_id: credentials.clientId!,
    client_secret: credentials.clientSecret!,
  }
  const { json } = await post(tokenUrl, params)
  assert.equal((await me({ authorization: `Bearer ${json.access_token}` })).json.id, artist.key)
  assert.equal((await post(tokenUrl, { ...params, client_secret: 'wrong' })).json.error, 'invalid_client')
})

test('a token in the query, and an app’s key for public data', async () => {
  const { connect, send, sandbox, artist } = openTestSandbox({
    auth: { carry: { query: 'access_token' }, app: { kind: 'key', setting: 'apiKey', carry: { query: 'key' } } },
  })
  const { access_token } = await connect()
  const get = (path: string) => send('GET', `https://api.tuneful.example/v1${path}`)
  assert.equal((await get(`/me?access_token=${access_token}`)).json.id, artist.key)
  const { apiKey: key } = sandbox.apps.first('tuneful').settings
  assert.equal((await get(`/artists/${artist.key}?key=${key}`)).json.id, artist.key)
  assert.equal((await get(`/me?key=${key}`)).status, 401)
  assert.equal((await get(`/artists/${artist.key}?key=wrong`)).json.error, 'invalid')
})

test('two providers may share a host: whose token it is decides', async () => {
  const one = testProvider()
  const two: Provider = { ...testProvider(), id: 'other', name: 'Other' }
  const sandbox = openSandbox({ providers: [one, two], clock: new ManualClock(0), seed: 'test', artists: 3 })
  for (const provider of [one, two]) {
    const { connect, get } = clientOf(sandbox, provider)
    const { access_token } = await connect()
    assert.equal((await get('/me', access_token)).status, 200)
    assert.equal(sandbox.ledger.entries.at(-1)!.provider, provider.id)
  }
})

test('a token shown to another provider is refused and in the ledger', async () => {
  const one = testProvider()
  const text = (value: string) => value.replace('tuneful', 'elsewhere')
  const two: Provider = {
    ...testProvider({
      auth: {
        authorizeUrl: 'https://elsewhere.example/a',
        tokenUrl: 'https://elsewhere.example/t',
        revokeUrl: undefined,
        app: undefined,
      },
    }),
    id: 'elsewhere',
    api: { ...one.api, baseUrl: text(one.api.baseUrl) },
    emulator: {
      ...one.emulator,
      routes: Object.fromEntries(Object.entries(one.emulator.routes).map(([name, route]) => [text(name), route])),
    },
  }
  const sandbox = openSandbox({ providers: [one, two], clock: new ManualClock(0), artists: 3 })
  const { connect, send } = clientOf(sandbox, one)
  const { access_token } = await connect()
  const shown = await send('GET', 'https://api.elsewhere.example/v1/me', { authorization: `Bearer ${access_token}` })
  assert.equal(shown.status, 401)
  assert.deepEqual(
    sandbox.ledger.violations.map(({ kind }) => kind),
    ['token_at_wrong_provider'],
  )
})

test('a host that nobody has is like a name that does not resolve', async () => {
  const { send } = openTestSandbox()
  await assert.rejects(
    send('GET', 'https://nowhere.example/'),
    (error) => error instanceof NetworkFailure && error.kind === 'dns' && !error.sent,
  )
})

test('unknown paths are missing, and cost what a call costs', async () => {
  const { connect, get, sandbox } = openTestSandbox()
  const { access_token } = await connect()
  assert.equal((await get('/nothing/here', access_token)).json.error, 'missing')
  assert.deepEqual(Object.values(sandbox.ledger.entries.at(-1)!.takes!), [1, 1])
})

test('the truth is what the connector should have read', async () => {
  const { connect, get, sandbox, artist } = openTestSandbox()
  const { json } = await get('/fans', (await connect()).access_token)
  const [truth] = sandbox.truth('tuneful', artist.key, { from: '2026-03-01', to: '2026-03-02' })
  assert.deepEqual(truth, { metric: 'audience.followers', day: '2026-03-02', value: json.total })
  assert.throws(
    () => sandbox.truth('tuneful', 'nobody', { from: '2026-03-01', to: '2026-03-02' }),
    /there is no artist nobody/,
  )
})

test('the ledger knows who did what, and no secret', async () => {
  const { connect, get, refresh, sandbox, artist, app } = openTestSandbox()
  const tokens = await connect()
  await get('/me', tokens.access_token)
  const next = await refresh(tokens.refresh_token)
  const [, , call, token] = sandbox.ledger.entries
  assert.deepEqual(
    [call!.what, call!.artist, call!.app, call!.generation, call!.status, token!.what, token!.generation],
    ['api', artist.key, app.clientId, 1, 200, 'token', 1],
  )
  const text = JSON.stringify([sandbox.ledger.entries, sandbox.ledger.violations])
  for (const secret of [tokens.access_token, tokens.refresh_token, next.json.access_token, app.clientSecret!])
    assert.ok(!text.includes(secret))
})

test('who stops waiting is let go, and what arrived is done all the same', async () => {
  const { connect, sandbox } = openTestSandbox()
  const { access_token } = await connect()
  const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' }
  sandbox.weather.add({ kind: 'delay', ms: 1000 })
  const stop = new AbortController()
  const sent = sandbox.send(
    { method: 'POST', url: 'https://api.tuneful.example/v1/notes', headers, body: '{}' },
    stop.signal,
  )
  stop.abort()
  await assert.rejects(sent, (error) => error instanceof NetworkFailure && error.kind === 'aborted')
  assert.equal(sandbox.snapshot().memory.tuneful!.length, 1)
})

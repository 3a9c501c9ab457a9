import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs } from '@patchbay/kit'
import { openTestSandbox, redirectUri } from './test-provider.ts'

test('a connection: page, consent, code, tokens, call', async () => {
  const { page, consent, exchange, get, artist } = openTestSandbox()
  const { status, text } = await page()
  assert.equal(status, 200)
  assert.match(text, /This is the sandbox/)
  assert.ok(text.includes(artist.name))

  const back = await consent()
  assert.equal(back.origin + back.pathname, redirectUri)
  assert.equal(back.searchParams.get('state'), 'xyz')
  assert.equal(back.searchParams.get('iss'), 'https://accounts.tuneful.example')

  const { json } = await exchange(back.searchParams.get('code'))
  assert.deepEqual(
    { ...json, access_token: typeof json.access_token, refresh_token: typeof json.refresh_token },
    { access_token: 'string', token_type: 'Bearer', expires_in: 3600, refresh_token: 'string', scope: 'fans profile' },
  )
  const me = await get('/me', json.access_token)
  assert.deepEqual(me.json, { id: artist.key, name: artist.name, scopes: ['fans', 'profile'], mode: 'small' })
  assert.deepEqual(JSON.parse(me.headers['x-used']!), { general: 0.2, daily: 0.05 })
})

test('a denial comes back as one', async () => {
  const { post, authorizeQuery } = openTestSandbox()
  const { headers } = await post(`https://accounts.tuneful.example/oauth/authorize/decide?${authorizeQuery()}`, {
    decision: 'deny',
  })
  assert.equal(new URL(headers.location!).searchParams.get('error'), 'access_denied')
})

test('an unknown app or redirect address is shown and never redirected', async () => {
  const { page } = openTestSandbox()
  for (const wrong of [
    { client_id: 'nobody' },
    { redirect_uri: 'https://evil.example/' },
    { redirect_uri: 'http://127.0.0.1.evil.example/' },
  ]) {
    const { status, headers, text } = await page(wrong as unknown as Record<string, string>)
    assert.equal(status, 400)
    assert.equal(headers.location, undefined)
    assert.match(text, /This cannot go on/)
  }
})

test('PKCE: a wrong, absent or unasked verifier is refused', async () => {
  const { consent, exchange, authorizeQuery, post } = openTestSandbox()
  const code = async () => (await consent()).searchParams.get('code')
  assert.equal((await exchange(await code(), { code_verifier: 'wrong' })).json.error, 'invalid_grant')
  assert.equal((await exchange(await code(), { code_verifier: '' })).json.error, 'invalid_grant')
  const query = authorizeQuery()
  query.delete('code_challenge')
  query.delete('code_challenge_method')
  const fields: [string, string][] = [
    ['persona', openTestSandbox().artist.key],
    ['decision', 'allow'],
  ]
  const { headers } = await post(`https://accounts.tuneful.example/oauth/authorize/decide?${query}`, fields)
  const unasked = new URL(headers.location!).searchParams.get('code')
  assert.equal((await exchange(unasked)).json.error, 'invalid_grant')
})

test('PKCE is not looked at where the provider ignores it', async () => {
  const { consent, exchange } = openTestSandbox({ auth: { pkce: 'ignored' } })
  const back = await consent()
  assert.equal((await exchange(back.searchParams.get('code'), { code_verifier: 'wrong' })).status, 200)
})

test('a code works once, and its second use ends what the first one gave', async () => {
  const { consent, exchange, get } = openTestSandbox()
  const code = (await consent()).searchParams.get('code')
  const { json } = await exchange(code)
  assert.equal((await get('/me', json.access_token)).status, 200)
  assert.equal((await exchange(code)).json.error, 'invalid_grant')
  assert.equal((await get('/me', json.access_token)).json.error, 'revoked')
})

test('a code is bound to its redirect address and dies after ten minutes', async () => {
  const { consent, exchange, clock } = openTestSandbox()
  const code = (await consent()).searchParams.get('code')
  assert.equal((await exchange(code, { redirect_uri: `${redirectUri}2` })).json.error, 'invalid_grant')
  clock.advance(600_000)
  assert.equal((await exchange(code)).json.error, 'invalid_grant')
})

test('a wrong secret is invalid_client', async () => {
  const { post, app } = openTestSandbox()
  const wrong = { authorization: `Basic ${Buffer.from(`${app.clientId}:wrong`).toString('base64')}` }
  const { status, json } = await post(
    'https://accounts.tuneful.example/oauth/token',
    { grant_type: 'client_credentials' },
    wrong,
  )
  assert.equal(status, 401)
  assert.equal(json.error, 'invalid_client')
})

test('an access token ends after its lifetime, to the millisecond', async () => {
  const { connect, get, clock } = openTestSandbox()
  const { access_token } = await connect()
  clock.advance(3_600_000 - 1)
  assert.equal((await get('/me', access_token)).status, 200)
  clock.advance(1)
  assert.equal((await get('/me', access_token)).json.error, 'expired')
  assert.equal((await get('/me', 'made-up')).json.error, 'invalid')
  assert.equal((await get('/me')).json.error, 'missing')
})

test('rotation: the old refresh token answers with the same successor within the grace', async () => {
  const { connect, refresh, clock, sandbox } = openTestSandbox()
  const first = await connect()
  const second = (await refresh(first.refresh_token)).json
  assert.notEqual(second.refresh_token, first.refresh_token)
  clock.advance(60_000)
  const again = (await refresh(first.refresh_token)).json
  assert.equal(again.refresh_token, second.refresh_token)
  assert.deepEqual(sandbox.ledger.violations, [])
})

test('rotation: reuse outside the grace ends the whole grant', async () => {
  const { connect, refresh, get, clock, sandbox } = openTestSandbox()
  const first = await connect()
  const second = (await refresh(first.refresh_token)).json
  clock.advance(60_001)
  assert.equal((await refresh(first.refresh_token)).json.error, 'invalid_grant')
  assert.equal((await refresh(second.refresh_token)).json.error, 'invalid_grant')
  assert.equal((await get('/me', second.access_token)).json.error, 'revoked')
  assert.deepEqual(
    sandbox.ledger.violations.map(({ kind, detail }) => [kind, detail.generation, detail.current]),
    [['retired_refresh_token', 1, 2]],
  )
})

test('keeps: a refresh gives no new refresh token and the old one goes on', async () => {
  const { connect, refresh } = openTestSandbox({ auth: { refresh: { model: 'keeps' } } })
  const { refresh_token } = await connect()
  for (let time = 0; time < 3; time++) {
    const { status, json } = await refresh(refresh_token)
    assert.equal(status, 200)
    assert.equal(json.refresh_token, undefined)
  }
})

test('without asking for offline access there is no refresh token', async () => {
  const oauth = { offline: (query: URLSearchParams) => query.get('access_type') === 'offline' }
  const { connect } = openTestSandbox({ emulator: { oauth } })
  assert.equal((await connect()).refresh_token, undefined)
  assert.equal(typeof (await connect({ access_type: 'offline' })).refresh_token, 'string')
})

test('a platform that keeps refresh tokens can be made a strict one, for grants that exist', async () => {
  const { connect, refresh, sandbox, clock } = openTestSandbox({ auth: { refresh: { model: 'keeps' } } })
  const { refresh_token } = await connect()
  assert.equal((await refresh(refresh_token)).json.refresh_token, undefined)
  sandbox.rules.change('tuneful', { rotates: true, accessMs: 90_000 })
  const { json } = await refresh(refresh_token)
  assert.equal(json.expires_in, 90)
  assert.notEqual(json.refresh_token, undefined)
  sandbox.rules.change('tuneful', { graceMs: 1000 })
  assert.equal((await refresh(refresh_token)).json.refresh_token, json.refresh_token)
  sandbox.rules.change('tuneful', { graceMs: 0 })
  clock.advance(1)
  assert.equal((await refresh(refresh_token)).json.error, 'invalid_grant')
})

test('a grant dies with its consent, whatever is done', async () => {
  const { connect, refresh, get, clock } = openTestSandbox({
    auth: { refresh: { model: 'keeps' }, consent: { days: 180, source: 'made up' } },
  })
  const { refresh_token } = await connect()
  clock.advance(180 * dayMs - 1000)
  const { json } = await refresh(refresh_token)
  clock.advance(1000)
  assert.equal((await get('/me', json.access_token)).json.error, 'expired')
  assert.equal((await refresh(refresh_token)).json.error, 'invalid_grant')
})

test('an unused refresh token dies, a used one lives', async () => {
  const { connect, refresh, clock } = openTestSandbox({
    auth: { refresh: { model: 'keeps' }, idle: { days: 180, source: 'made up' } },
  })
  const { refresh_token } = await connect()
  clock.advance(179 * dayMs)
  assert.equal((await refresh(refresh_token)).status, 200)
  clock.advance(179 * dayMs)
  assert.equal((await refresh(refresh_token)).status, 200)
  clock.advance(180 * dayMs)
  assert.equal((await refresh(refresh_token)).json.error, 'invalid_grant')
})

test('extends: first lengthened, then extended after its minimum age, never after expiry', async () => {
  const exchangeUrl = 'https://api.tuneful.example/access_token'
  const request = (grant_type: string) => ({
    method: 'GET' as const,
    url: exchangeUrl,
    params: { grant_type, client_secret: '{clientSecret}', access_token: '{accessToken}' },
  })
  const { connect, get, send, clock, app } = openTestSandbox({
    auth: {
      lengthen: request('lengthen'),
      refresh: {
        model: 'extends',
        request: request('extend'),
        minAgeMs: dayMs,
        refreshAfterMs: 30 * dayMs,
        source: 'made up',
      },
    },
  })
  const ask = (grant_type: string, access_token: string, client_secret = app.clientSecret!) =>
    send('GET', `${exchangeUrl}?${new URLSearchParams({ grant_type, client_secret, access_token })}`)

  const short = await connect()
  assert.equal(short.refresh_token, undefined)
  assert.equal(short.expires_in, 3600)
  assert.equal((await ask('lengthen', short.access_token, 'wrong')).json.error, 'invalid_client')
  const long = (await ask('lengthen', short.access_token)).json
  assert.equal(long.expires_in, 60 * 86_400)
  assert.equal((await ask('extend', long.access_token)).json.error, 'invalid_request')
  clock.advance(dayMs)
  const extended = (await ask('extend', long.access_token)).json
  clock.advance(59 * dayMs)
  assert.equal((await get('/me', extended.access_token)).status, 200)
  assert.equal((await ask('extend', long.access_token)).json.error, 'expired')
  clock.advance(dayMs)
  assert.equal((await ask('extend', extended.access_token)).json.error, 'expired')
})

test('revocation ends everything at once, and what is sent afterwards is in the ledger', async () => {
  const { connect, post, get, refresh, sandbox } = openTestSandbox()
  const tokens = await connect()
  const { status } = await post('https://accounts.tuneful.example/oauth/revoke', { token: tokens.refresh_token })
  assert.equal(status, 200)
  assert.equal((await get('/me', tokens.access_token)).json.error, 'revoked')
  assert.equal((await refresh(tokens.refresh_token)).json.error, 'invalid_grant')
  assert.deepEqual(
    sandbox.ledger.violations.map(({ kind }) => kind),
    ['token_after_revocation', 'token_after_revocation'],
  )
})

test('the owner may take access back, which is nobody’s violation', async () => {
  const { connect, get, sandbox, artist } = openTestSandbox()
  const tokens = await connect()
  assert.equal(sandbox.meddle('tuneful', artist.key, 'revoke'), 1)
  assert.equal((await get('/me', tokens.access_token)).json.error, 'revoked')
  assert.deepEqual(sandbox.ledger.violations, [])
})

test('consent may leave out a scope, and its calls are refused', async () => {
  const { connect, get } = openTestSandbox()
  const tokens = await connect({}, [
    ['boxes', '1'],
    ['scope', 'profile'],
    ['scope', 'never-asked'],
  ])
  assert.equal(tokens.scope, 'profile')
  assert.deepEqual((await get('/fans', tokens.access_token)).json, { error: 'scope', needed: ['fans'] })
  assert.equal((await connect({}, [['boxes', '1']])).scope, '')
})

test('an app’s own token reads public data only', async () => {
  const { token, get, artist } = openTestSandbox()
  const { json } = await token({ grant_type: 'client_credentials' })
  assert.deepEqual(Object.keys(json), ['access_token', 'token_type', 'expires_in'])
  assert.equal((await get(`/artists/${artist.key}`, json.access_token)).json.name, artist.name)
  assert.equal((await get('/me', json.access_token)).status, 401)
  assert.equal((await get('/artists/all')).json, 12)
})

test('the same seed gives the same app, and another app is registered beside it', async () => {
  const { app, sandbox, page } = openTestSandbox()
  assert.equal(openTestSandbox().app.clientSecret, app.clientSecret)
  const added = sandbox.apps.register({
    provider: 'tuneful',
    name: 'Other',
    redirectUris: ['https://other.example/back'],
  })
  assert.notEqual(added.clientId, app.clientId)
  const asked = { client_id: added.clientId, redirect_uri: 'https://other.example/back' }
  assert.match((await page(asked)).text, /<b>Other<\/b>/)
  assert.equal((await page({ client_id: added.clientId })).status, 400)
})

test('a snapshot carries grants over a restart', async () => {
  const before = openTestSandbox()
  const tokens = await before.connect()
  const snapshot = JSON.parse(JSON.stringify(before.sandbox.snapshot()))
  const after = openTestSandbox({}, { snapshot })
  assert.equal((await after.get('/me', tokens.access_token)).json.id, before.artist.key)
  const { json } = await after.refresh(tokens.refresh_token)
  assert.notEqual(json.refresh_token, tokens.refresh_token)
})

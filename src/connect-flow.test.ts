import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { OAuth2 } from '@patchbay/kit'
import { openPretendBrowser, readForm } from './cli/pretend-browser.ts'
import {
  consentProvider,
  findSecret,
  keyProvider,
  readAll,
  startTestServer,
  type TestServer,
  until,
} from './test-server.ts'

const scopes = (consentProvider.auth as OAuth2).scopes.always

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.stop())

/** A person with a browser: opens invitations, answers consent pages, and can stop before the way back. */
function openVisitor() {
  let holding = false
  const cookies: string[] = []
  const pages: { url: string; headers: Headers; text: string }[] = []
  const send: typeof fetch = async (input, init) => {
    const url = String(input)
    if (holding && url.includes('/oauth/callback/')) return new Response(url, { status: 299 })
    const response = await fetch(input, init)
    cookies.push(...response.headers.getSetCookie())
    const text = await response.clone().text()
    if (url.startsWith(server.url)) server.transcript.push(text)
    pages.push({ url, headers: response.headers, text })
    return response
  }
  const browser = openPretendBrowser(send)
  return {
    ...{ browser, cookies, pages },

    /** To the consent page, or to wherever the first form leads. */
    async begin(url: string, answers: Record<string, string> = {}) {
      const picker = await browser.get(url)
      if (picker.status !== 200) return picker
      const form = readForm(picker.text, '/connect/begin')
      return browser.post(new URL(form.action, picker.url).href, { ...form.fields, ...answers })
    },

    /** Says yes, as an artist of the sandbox; `hold` stops before the callback and gives its address. */
    async decide(
      consent: { url: string; text: string },
      { artist = 0, decision = 'allow', withhold = [] as readonly string[], hold = false } = {},
    ) {
      const form = readForm(consent.text, '/decide')
      const persona = server.sandbox.world.artists[artist]!.key
      const scope = [form.fields.scope ?? []].flat().filter((one) => !withhold.includes(one))
      holding = hold
      const end = await browser.post(new URL(form.action, consent.url).href, {
        ...form.fields,
        persona,
        decision,
        scope,
      })
      holding = false
      return end
    },

    /** Everything up to the callback's address. */
    async walkUntilCallback(url: string, artist = 0) {
      const held = await this.decide(await this.begin(url), { artist, hold: true })
      assert.equal(held.status, 299)
      return held.text
    },
  }
}

const inviteTo = (profile: string, more: Record<string, unknown> = {}) =>
  server.client().connectSessions.create({ profile: { id: profile }, integrations: [consentProvider.id], ...more })

const tokenRequests = () =>
  server.sandbox.ledger.entries.filter(({ what, provider }) => what === 'token' && provider === consentProvider.id)
    .length

const connectionsOf = async (profile: string) => (await server.client().connections.list({ profile })).data

test('an account is connected through the hosted picker and the platform’s consent page', async () => {
  const session = await inviteTo('plain', { profile: { id: 'plain', name: '<script>alert(1)</script>' } })
  const visitor = openVisitor()
  const end = await visitor.decide(await visitor.begin(session.url), { artist: 0 })
  assert.equal(end.status, 200)
  assert.match(end.url, /\/connect\/done\?session=ses_\w+$/)
  assert.match(end.text, /The account is connected/)
  const [connection] = await connectionsOf('plain')
  assert.deepEqual(
    [connection?.provider, connection?.scopes.granted.toSorted()],
    [consentProvider.id, scopes.toSorted()],
  )
  const state = await server.client().connectSessions.read({ id: session.id })
  assert.deepEqual([state.state, state.connections], ['done', [connection?.id]])

  // T08, T11: nothing frames it, nothing leaks from it, nothing that somebody typed runs in it.
  const ours = visitor.pages.filter(({ url }) => url.startsWith(server.url))
  assert.ok(ours.length >= 4)
  for (const { url, headers, text } of ours) {
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/, url)
    assert.equal(headers.get('x-frame-options'), 'DENY', url)
    assert.equal(headers.get('referrer-policy'), 'no-referrer', url)
    assert.equal(headers.get('cache-control'), 'no-store', url)
    assert.ok(!text.includes('<script'), url)
  }
  assert.ok(!/code=|state=|token=/.test(end.url))
  const sandboxOrigin = new URL(server.sandboxUrl).origin
  assert.ok(ours[0]!.headers.get('content-security-policy')!.includes(`form-action 'self' ${sandboxOrigin};`))
})

test('the cookie is the browser’s alone', async () => {
  const visitor = openVisitor()
  await visitor.begin((await inviteTo('cookies')).url)
  const [cookie] = visitor.cookies.filter((one) => one.startsWith('patchbay_connect='))
  assert.match(cookie ?? '', /; Path=\/; HttpOnly; SameSite=Lax$/)
  assert.ok(!/Domain/i.test(cookie ?? ''))
})

test('behind https the cookie is `__Host-` and goes over https only', async () => {
  const safe = await startTestServer({ env: () => ({ PATCHBAY_PUBLIC_URL: 'https://patchbay.example/' }) })
  try {
    const session = await safe
      .client()
      .connectSessions.create({ profile: { id: 'x' }, integrations: [consentProvider.id] })
    assert.match(session.url, /^https:\/\/patchbay\.example\/connect\?token=/)
    const begun = await safe.ask('POST', '/connect/begin', {
      key: null,
      body: new URLSearchParams({ token: session.token, integration: `int_env_test_${consentProvider.id}` }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    assert.equal(begun.status, 303)
    assert.match(
      begun.headers.get('set-cookie') ?? '',
      /^__Host-patchbay_connect=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    const redirectUri = new URL(begun.headers.get('location')!).searchParams.get('redirect_uri')
    assert.equal(redirectUri, `https://patchbay.example/oauth/callback/int_env_test_${consentProvider.id}`)
  } finally {
    await safe.stop()
  }
})

test('a key is typed into the form; what is wrong with it stands beside its field', async () => {
  const { account, credentials } = server.sandbox.personas.persona(keyProvider, server.sandbox.world.artists[3]!)
  const session = await inviteTo('keyed', { integrations: [keyProvider.id] })
  const visitor = openVisitor()
  const answers: Record<string, string> = { ...account.inputs, ...credentials }
  const [asked] = Object.entries(keyProvider.inputs ?? {}).find(([, field]) => field.required)!
  const wrong = await visitor.begin(session.url, { ...answers, [asked]: '' })
  assert.equal(wrong.status, 422)
  assert.match(
    wrong.text,
    new RegExp(`<input name="${asked}"[^>]* aria-invalid="true"[^>]*><span class="note" role="alert">[^<]+ is missing`),
  )
  for (const secret of Object.values(credentials)) assert.ok(!wrong.text.includes(secret), 'a secret is not sent back')

  const form = readForm(wrong.text, '/connect/begin')
  const refused = await visitor.browser.post(new URL(form.action, wrong.url).href, {
    ...form.fields,
    ...answers,
    key: 'f'.repeat(40),
  })
  assert.match(refused.url, /problem=/)
  assert.match(refused.text, /role="alert"/)

  const again = readForm(refused.text, '/connect/begin')
  const end = await visitor.browser.post(new URL(again.action, refused.url).href, { ...again.fields, ...answers })
  assert.match(end.text, /The account is connected/)
  const [connection] = await connectionsOf('keyed')
  assert.equal(connection?.provider, keyProvider.id)
})

test('T01: what one browser began no other finishes, and the platform is asked for no token', async () => {
  const callback = await openVisitor().walkUntilCallback((await inviteTo('stolen')).url)
  const before = tokenRequests()
  const other = openVisitor()
  await other.begin((await inviteTo('other-one')).url)
  const refused = await other.browser.get(callback)
  assert.deepEqual([refused.status, tokenRequests() - before], [401, 0])
  assert.deepEqual(await connectionsOf('stolen'), [])
  assert.deepEqual(await connectionsOf('other-one'), [])
  const { data } = await server.client().audit.list({ limit: 5 })
  assert.ok(data.some(({ action, detail }) => action === 'connect.refused' && detail.why === 'another browser'))

  const withoutAny = await openVisitor().walkUntilCallback((await inviteTo('stolen')).url)
  const nobody = await openVisitor().browser.get(withoutAny)
  assert.deepEqual([nobody.status, tokenRequests() - before], [401, 0])
})

test('T02: a callback counts once, also when it comes fifty times at once', async () => {
  const visitor = openVisitor()
  const callback = await visitor.walkUntilCallback((await inviteTo('twice')).url, 1)
  const before = tokenRequests()
  const ends = await Promise.all(Array.from({ length: 50 }, () => visitor.browser.get(callback)))
  assert.equal(tokenRequests() - before, 1)
  assert.equal(ends.filter(({ url }) => url.includes('/connect/done')).length, 1)
  for (const { status } of ends.filter(({ url }) => !url.includes('/connect/done'))) assert.equal(status, 410)
  assert.equal((await visitor.browser.get(callback)).status, 410)
  assert.equal((await connectionsOf('twice')).length, 1)
})

test('T03: an answer meant for one integration is not taken at another’s address', async () => {
  const second = await server.client().integrations.save({
    ...{ id: 'second-app', provider: consentProvider.id },
    ...{ clientId: server.sandbox.apps.first(consentProvider.id).clientId, clientSecret: 'a-secret-of-somebody' },
  })
  const visitor = openVisitor()
  const callback = new URL(
    await visitor.walkUntilCallback(
      (await inviteTo('mixed', { integrations: [`int_env_test_${consentProvider.id}`] })).url,
    ),
  )
  const before = tokenRequests()
  const wrong = await visitor.browser.get(`${new URL(second.redirectUri).href}${callback.search}`)
  assert.deepEqual([wrong.status, tokenRequests() - before], [401, 0])
  await server.client().integrations.save({ id: 'second-app', provider: consentProvider.id, enabled: false })
})

test('T04: codes of two trips that were swapped connect nobody', async () => {
  const visitor = openVisitor()
  const one = new URL(await visitor.walkUntilCallback((await inviteTo('swap-one')).url, 4))
  const two = new URL(await visitor.walkUntilCallback((await inviteTo('swap-two')).url, 5))
  const [codeOne, codeTwo] = [one.searchParams.get('code')!, two.searchParams.get('code')!]
  one.searchParams.set('code', codeTwo)
  two.searchParams.set('code', codeOne)
  for (const callback of [one, two]) assert.match((await visitor.browser.get(callback.href)).url, /problem=/)
  assert.deepEqual([await connectionsOf('swap-one'), await connectionsOf('swap-two')], [[], []])
  const challenges = visitor.pages.flatMap(({ url }) => new URL(url).searchParams.getAll('code_challenge'))
  assert.equal(new Set(challenges).size, 2, 'a challenge for each trip')
})

test('two tabs of one browser end where each began', async () => {
  const visitor = openVisitor()
  const [first, second] = [await inviteTo('tab-one'), await inviteTo('tab-two')]
  const callbackOne = await visitor.walkUntilCallback(first.url, 6)
  const callbackTwo = await visitor.walkUntilCallback(second.url, 7)
  const [endOne, endTwo] = [await visitor.browser.get(callbackOne), await visitor.browser.get(callbackTwo)]
  const nameOf = async (profile: string) => (await connectionsOf(profile))[0]!.account.name
  assert.ok(endOne.text.includes(`<strong>${await nameOf('tab-one')}</strong>`))
  assert.ok(endTwo.text.includes(`<strong>${await nameOf('tab-two')}</strong>`))
})

test('T05: a reconnect by somebody else is a mismatch and changes nothing; by the same person it keeps id and history', async () => {
  const connection = await server.connect(consentProvider, { artist: 8, profile: 'again' })
  const api = server.client()
  const numbers = async () =>
    (await api.metrics.query({ connection: connection.id })).data.map(({ metric, value }) => [metric, value])
  await readAll(api, connection.id)
  const [before, tokenBefore] = [await numbers(), await api.connections.credentials({ id: connection.id })]

  const visitor = openVisitor()
  const session = await api.connections.reconnect({ id: connection.id })
  const wrong = await visitor.decide(await visitor.begin(session.url), { artist: 9 })
  assert.match(wrong.url, /problem=connection\.mismatch/)
  assert.match(wrong.text, /different account/)
  assert.deepEqual((await api.connections.read({ id: connection.id })).account, connection.account)
  assert.deepEqual(await numbers(), before)
  assert.equal((await api.connections.credentials({ id: connection.id })).accessToken, tokenBefore.accessToken)
  assert.equal((await connectionsOf('again')).length, 1)

  // The same page offers another try.
  const form = readForm(wrong.text, '/connect/begin')
  const consent = await visitor.browser.post(new URL(form.action, wrong.url).href, form.fields)
  const right = await visitor.decide(consent, { artist: 8 })
  assert.match(right.url, /\/connect\/done/)
  const [renewed] = await connectionsOf('again')
  assert.deepEqual([renewed?.id, renewed?.createdAt], [connection.id, connection.createdAt])
  assert.notEqual((await api.connections.credentials({ id: connection.id })).accessToken, tokenBefore.accessToken)
  const after = new Set((await numbers()).map(([metric]) => metric))
  assert.deepEqual(
    before.filter(([metric]) => !after.has(metric)),
    [],
  )
})

test('T05: the page names both accounts and offers to switch, or to connect the other one too', async () => {
  const connection = await server.connect(consentProvider, { artist: 10, profile: 'choice' })
  const visitor = openVisitor()
  const session = await server.client().connections.reconnect({ id: connection.id })
  const wrong = await visitor.decide(await visitor.begin(session.url), { artist: 11 })
  assert.match(wrong.text, /You signed in as [^;<]+; this connection is /)
  assert.match(wrong.text, /<button class="primary">Switch to /)
  const [, other] = wrong.text.split('name="as" value="new"')
  assert.ok(other, 'there is a second form')
  const fields = { ...readForm(wrong.text, '/connect/begin').fields, as: 'new' }
  const done = await visitor.decide(await visitor.browser.post(`${server.url}/connect/begin`, fields), { artist: 11 })
  assert.match(done.url, /\/connect\/done/)
  const all = await connectionsOf('choice')
  assert.equal(all.length, 2)
  assert.deepEqual(all.find(({ id }) => id === connection.id)?.account, connection.account)
  assert.notEqual(all.find(({ id }) => id !== connection.id)?.account.id, connection.account.id)
  // Whoever says so by themselves is not believed.
  const forged = await server.client().connections.reconnect({ id: connection.id })
  const picker = readForm((await openVisitor().browser.get(forged.url)).text, '/connect/begin')
  const answer = await openVisitor().browser.post(`${server.url}/connect/begin`, { ...picker.fields, as: 'new' })
  assert.equal(answer.status, 403)
})

test('T07: a return address off the list is never stored, whatever it is written like', async () => {
  const { host } = new URL(server.url)
  const payloads = [
    ...[
      '//evil.example',
      'https:evil.example',
      'https:/evil.example',
      'https:///evil.example',
      'https://evil.example',
      'http://evil.example/',
    ],
    ...[
      '\\\\evil.example',
      '/\\evil.example',
      'https:\\\\evil.example',
      `http://${host}\\@evil.example/`,
      `http://${host}@evil.example/`,
    ],
    ...[
      `http://evil.example#@${host}/`,
      `http://evil.example?@${host}/`,
      `http://${host}.evil.example/`,
      `http://${host}%2eevil.example/`,
    ],
    ...[
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      ' javascript:alert(1)',
      'java\nscript:alert(1)',
      'data:text/html,x',
      'vbscript:x',
      'file:///etc/passwd',
    ],
    ...[
      'ftp://127.0.0.1/',
      'ws://127.0.0.1/',
      'blob:http://127.0.0.1/x',
      'about:blank',
      'intent://x#Intent;end',
      'app://return',
    ],
    ...[
      'http://127.0.0.1/\r\nset-cookie:a=b',
      'http://127.0.0.1/%0d%0a\r\n',
      'http://127.0.0.1/\u2028',
      'http://127.0.0.1\t/',
      'http://127.0.0.1 /',
    ],
    ...[
      'http://user@127.0.0.1/',
      'http://user:pass@127.0.0.1/',
      'http://127.0.0.1/#fragment',
      'http://127。0。0。1/',
      'http://①②⑦.0.0.1/',
      'http://loCalhost.evil.example/',
    ],
    ...[
      'http://localhost.',
      'http://0x7f.1/',
      'http://2130706433/',
      'http://127.1/',
      'http://127.0.0.1.nip.io/',
      'http://[::ffff:127.0.0.1]/',
      'http://0/',
      '',
    ],
    ...[
      'http://127.0.0.1/\u0000',
      'HTTP://127.0.0.1/',
      'http://127.0.0.1/a/../b',
      `${'http://127.0.0.1/'}${'a'.repeat(3000)}`,
      'null',
      'undefined',
    ],
  ]
  assert.ok(payloads.length >= 50)
  for (const returnUrl of payloads) {
    const answer = await server.ask('POST', '/v1/connect-sessions', { body: { profile: { id: 'returns' }, returnUrl } })
    assert.equal(answer.status, 422, `${JSON.stringify(returnUrl).slice(0, 100)} → ${answer.text}`)
    assert.equal(answer.json.field, /null byte/.test(answer.json.detail) ? 'body' : 'returnUrl', returnUrl)
  }
  // The machine of the browser is fine in a test environment and in no other.
  for (const [key, status] of [
    [server.keys.test, 201],
    [server.keys.live, 422],
  ] as const)
    assert.equal(
      (
        await server.ask('POST', '/v1/connect-sessions', {
          key,
          body: { profile: { id: 'returns' }, returnUrl: 'http://localhost:3000/back' },
        })
      ).status,
      status,
    )
})

test('after it worked the browser goes back to the application, with the session and how it ended', async () => {
  const returnUrl = `${server.url}/health?keep=1`
  const session = await inviteTo('returning', { returnUrl })
  const visitor = openVisitor()
  const end = await visitor.decide(await visitor.begin(session.url), { artist: 10 })
  assert.equal(end.url, `${returnUrl}&session=${session.id}&status=connected`)
})

test('T09: an invitation is for one browser, once, for half an hour, for what it names', async () => {
  const textOf = ({ text }: { text: string }) => text.replace(/req_\w+/g, 'REQ')
  const never = await openVisitor().browser.get(`${server.url}/connect?token=${'A'.repeat(43)}`)
  assert.equal(never.status, 401)

  const visitor = openVisitor()
  const session = await inviteTo('invited')
  const elsewhere = await visitor.begin(session.url, { integration: `int_env_test_${keyProvider.id}` })
  assert.equal(elsewhere.status, 403)
  assert.equal((await visitor.begin(session.url, { integration: `int_env_other_${consentProvider.id}` })).status, 403)
  assert.equal((await visitor.begin(session.url, { integration: 'int_nothing' })).status, 403)

  const consent = await visitor.begin(session.url)
  const stranger = await openVisitor().browser.get(session.url)
  assert.deepEqual([stranger.status, textOf(stranger)], [401, textOf(never)])
  await visitor.decide(consent, { artist: 11 })
  const used = await visitor.browser.get(session.url)
  assert.deepEqual([used.status, textOf(used)], [401, textOf(never)])

  const old = await inviteTo('too-late')
  await expireSession(old.id)
  const late = await openVisitor().browser.get(old.url)
  assert.deepEqual([late.status, textOf(late)], [401, textOf(never)])
  const open = openVisitor()
  const slow = await inviteTo('too-slow')
  const callback = await open.walkUntilCallback(slow.url)
  await expireSession(slow.id)
  const before = tokenRequests()
  assert.equal((await open.browser.get(callback)).status, 410)
  assert.equal(tokenRequests(), before)
  assert.equal((await server.client().connectSessions.read({ id: slow.id })).state, 'expired')
})

test('T10: what a browser says about whose account it is counts for nothing', async () => {
  const mine = openVisitor()
  const [session, foreign] = [await inviteTo('own'), await inviteTo('foreign')]
  await openVisitor().begin(foreign.url)
  const picker = await mine.browser.get(session.url)
  const form = readForm(picker.text, '/connect/begin')
  const begin = `${server.url}/connect/begin`
  for (const extra of [
    'profile',
    'profileId',
    'endUserId',
    'environmentId',
    'connectionId',
    'reconnect',
    '__proto__',
    'constructor',
    'returnUrl',
  ])
    assert.equal((await mine.browser.post(begin, { ...form.fields, [extra]: 'foreign' })).status, 422, extra)
  const { token: _, ...rest } = form.fields
  for (const named of [foreign.id, 'ses_nothing', '', '\u0000'])
    assert.equal((await mine.browser.post(begin, { ...rest, session: named })).status, 401, named)
  for (const path of [
    `/connect?session=${foreign.id}`,
    `/connect/done?session=${foreign.id}`,
    '/connect?session=%00',
    '/connect?token=a&token=b',
    '/connect',
    '/connect/done',
  ])
    assert.equal((await mine.browser.get(`${server.url}${path}`)).status, 401, path)
  assert.deepEqual(await connectionsOf('foreign'), [])
})

test('a callback that nobody began is refused, whatever is in it', async () => {
  const before = tokenRequests()
  const base = `${server.url}/oauth/callback/int_env_test_${consentProvider.id}`
  for (const query of [
    '',
    '?code=x',
    '?state=x',
    `?state=${'A'.repeat(43)}&code=x`,
    '?state=a&state=b&code=x',
    '?state=%00&code=x',
    `?state=${'x'.repeat(9000)}`,
    '?state[]=x&code=x',
    '?__proto__=x',
  ])
    assert.equal((await openVisitor().browser.get(base + query)).status, 410, query)
  assert.equal((await openVisitor().browser.get(`${server.url}/oauth/callback/%00?state=x&code=x`)).status, 410)
  assert.equal((await server.ask('HEAD', `/oauth/callback/x?state=x`, { key: null })).status, 404)
  assert.equal(tokenRequests(), before)
})

test('who declines is told so and may try again', async () => {
  const session = await inviteTo('declined')
  const visitor = openVisitor()
  const end = await visitor.decide(await visitor.begin(session.url), { decision: 'deny' })
  assert.match(end.url, /problem=connection\.declined/)
  assert.match(end.text, /role="alert">The account owner declined/)
  assert.equal((await server.client().connectSessions.read({ id: session.id })).state, 'open')
  const { data } = await server.client().events.list({ type: 'connect.failed', limit: 1 })
  assert.equal(data[0]?.data.fault, 'connection.declined')
  assert.match(
    (await visitor.browser.get(`${server.url}/connect?session=${session.id}&problem=<script>`)).text,
    /It was not connected/,
  )

  const form = readForm(end.text, '/connect/begin')
  const second = await visitor.decide(await visitor.browser.post(new URL(form.action, end.url).href, form.fields), {
    artist: 12,
  })
  assert.match(second.url, /\/connect\/done/)
})

test('T06: without a permission its streams stand still and say why; the others are read', async () => {
  const withheld = scopes.findLast((scope) =>
    Object.values(consentProvider.streams).some((stream) => stream.scopes?.includes(scope)),
  )!
  const session = await inviteTo('narrow')
  const visitor = openVisitor()
  const end = await visitor.decide(await visitor.begin(session.url), { artist: 13, withhold: [withheld] })
  assert.ok(end.text.includes(withheld), 'the page says what is missing')
  const [connection] = await connectionsOf('narrow')
  const { granted, missing, switchedOff } = connection!.scopes
  assert.deepEqual([granted, missing], [scopes.filter((scope) => scope !== withheld), [withheld]])
  const needing = Object.keys(consentProvider.streams).filter((id) =>
    consentProvider.streams[id]!.scopes?.includes(withheld),
  )
  assert.deepEqual(
    switchedOff.map(({ scope, streams }) => [scope, streams.map(({ id }) => id)]),
    [[withheld, needing]],
  )
  assert.equal(connection!.fixedBy, 'owner')
  assert.equal(connection?.state, 'degraded')
  assert.match(connection?.says ?? '', /permission/i)
  const { data: streams } = await server.client().connections.streams({ id: connection!.id })
  for (const { id, blocked, state, says } of streams) {
    const needs = consentProvider.streams[id]!.scopes?.includes(withheld) ?? false
    assert.equal(blocked, needs ? 'missing_scope' : null, id)
    if (needs) assert.deepEqual([state, typeof says], ['blocked', 'string'])
  }
  assert.ok(streams.some(({ blocked }) => blocked === null))
  const { data: tasks } = await server.client().tasks.list({ connection: connection!.id, open: 'true' })
  assert.equal(tasks.length, 1)
})

test('a connection is paused, resumed and validated', async () => {
  const { id } = await server.connect(consentProvider, { artist: 14, profile: 'worked' })
  const api = server.client()
  assert.deepEqual(await api.connections.pause({ id }), { id, state: 'paused', reason: 'paused' })
  for (const stream of (await api.connections.streams({ id })).data) assert.equal(stream.blocked, 'paused')
  assert.equal((await server.ask('GET', `/v1/proxy/${id}/anything`)).json.code, 'connection.inactive')
  assert.equal((await api.connections.pause({ id })).state, 'paused')
  assert.equal((await api.connections.resume({ id })).state, 'healthy')
  for (const stream of (await api.connections.streams({ id })).data) assert.equal(stream.blocked, null)
  assert.equal((await api.connections.validate({ id })).state, 'healthy')

  await server.ageGrants()
  server.sandbox.meddle(consentProvider.id, server.sandbox.world.artists[14]!.key, 'revoke')
  const revoked = await api.connections.validate({ id })
  assert.equal(revoked.works, false)
  assert.ok(['needs_reauth', 'revoked'].includes(revoked.state), JSON.stringify(revoked))
  const { data: tasks } = await api.tasks.list({ connection: id, open: 'true' })
  assert.equal(tasks.length, 1)
  const { data: transitions } = await api.connections.transitions({ id })
  assert.deepEqual(transitions.map(({ to }) => to).slice(1, 3), ['healthy', 'paused'])
})

test('the access token is shown to whoever may see it, and every look is in the audit', async () => {
  const { id } = await server.connect(consentProvider, { artist: 15, profile: 'shown' })
  const { json, headers } = await server.ask('GET', `/v1/connections/${id}/credentials`)
  assert.equal(headers.get('cache-control'), 'no-store')
  assert.ok(server.sandbox.grants.list().some(({ accessTokens }) => accessTokens.includes(json.accessToken)))
  // It is meant to be there; the sweep below is about everything else.
  server.transcript.pop()
  const { data } = await server.client().audit.list({ subject: id })
  const looks = data.filter(({ action }) => action === 'credentials.read')
  assert.equal(looks.length, 1)
  assert.match(looks[0]!.actor, /^key:key_/)
  assert.ok(!JSON.stringify(data).includes(json.accessToken))
})

test('disconnecting gives the tokens back at the platform; history stays', async () => {
  const connection = await server.connect(consentProvider, { artist: 16, profile: 'gone' })
  const api = server.client()
  const key = server.sandbox.world.artists[16]!.key
  const grant = server.sandbox.grants
    .list()
    .find(({ artist, provider }) => artist === key && provider === consentProvider.id)!
  assert.equal((await api.connections.disconnect({ id: connection.id })).state, 'disconnected')
  await until(() => grant.ended !== null)
  assert.equal(grant.ended?.why, 'app')
  assert.equal((await api.connections.disconnect({ id: connection.id })).state, 'disconnected')
  assert.deepEqual(await connectionsOf('gone'), [])
  assert.ok((await api.metrics.query({ connection: connection.id })).data.length > 0)
  for (const path of ['reconnect', 'refresh', 'sync', 'validate', 'resume', 'pause']) {
    const answer = await server.ask('POST', `/v1/connections/${connection.id}/${path}`, {
      body: path === 'reconnect' || path === 'sync' ? {} : undefined,
    })
    assert.ok(answer.status < 500, `${path}: ${answer.text}`)
  }
  assert.equal((await server.ask('GET', `/v1/connections/${connection.id}/credentials`)).status, 409)
  assert.deepEqual(
    server.sandbox.ledger.violations.filter(({ kind }) => kind === 'token_after_revocation'),
    [],
  )
})

test('T49: a token that was put into another row, or another column, opens for nobody', async () => {
  const [mine, theirs] = [
    await server.connect(consentProvider, { artist: 17, profile: 'row-one' }),
    await server.connect(consentProvider, { artist: 18, profile: 'row-two' }),
  ]
  // What a call of the half second before has left is what was there before.
  const credentials = async (id: string) => {
    const { deps, recent } = server.engine
    const connection = await deps.connections.read(server.environments.test.id, id)
    recent.forgetGrant(server.environments.test.id, connection!.grantId!)
    return server.ask('GET', `/v1/connections/${id}/credentials`)
  }
  const change = (text: string) =>
    server.database.database.tenant(server.environments.test.id, (sql) => sql(text, [mine.id, theirs.id]))
  const grantOf = (place: string) => `(select grant_id from connection where id = ${place})`
  await change(
    `update account_grant set access = other.access from (select access from account_grant where id = ${grantOf('$2')}) other
     where id = ${grantOf('$1')}`,
  )
  const swapped = await credentials(mine.id)
  assert.deepEqual([swapped.status, swapped.json.code], [500, 'platform.vault'])
  await change(`update account_grant set access = refresh where id = ${grantOf('$2')} and $1::text is not null`)
  const moved = await credentials(theirs.id)
  assert.deepEqual([moved.status, moved.json.code], [500, 'platform.vault'])
  assert.ok(server.lines.some((line) => line.includes('vault.cannot_open')))
})

test('no secret is in any answer, any line of the log, or any column of the database (T15, T24, T48)', async () => {
  for (const path of [
    '/v1/connections',
    '/v1/integrations',
    '/v1/audit',
    '/v1/events',
    '/v1/calls',
    '/v1/runs',
    '/v1/tasks',
    '/v1/providers',
    '/metrics',
    '/ready',
  ])
    await server.ask('GET', path)
  const grants = server.sandbox.grants.list()
  const secrets = new Set<string>([
    ...grants.flatMap(({ accessTokens, refreshTokens }) => [...accessTokens, ...refreshTokens]),
    ...server.sandbox.apps.list().flatMap(({ clientSecret }) => clientSecret ?? []),
    ...Object.values(server.sandbox.personas.persona(keyProvider, server.sandbox.world.artists[3]!).credentials),
    'a-secret-of-somebody',
  ])
  assert.ok(secrets.size > 20, `${secrets.size} secrets`)
  const dump = await server.dump()
  assert.ok((dump.get('public.account_grant') ?? '').length > 1000, 'the dump shows what tenants see')
  assert.ok((dump.get('public.connect_session') ?? '').length > 1000, 'the dump shows what the system sees')
  const places: [where: string, text: string][] = [
    ['an answer', server.transcript.join('\n')],
    ['the log', server.lines.join('')],
    ...[...dump].map(([table, text]) => [`the table ${table}`, text] as [string, string]),
  ]
  for (const [where, text] of places)
    for (const secret of secrets) assert.equal(findSecret(text, secret), null, `${where} has a secret`)
  // Our own: of keys and invitations only hashes are kept.
  const whole = [...dump.values(), ...server.lines].join('\n')
  const own = [
    ...Object.values(server.keys),
    ...server.transcript.flatMap((text) => /[?&;]token=([\w-]{43})/.exec(text)?.[1] ?? []),
  ]
  for (const secret of own) assert.equal(findSecret(whole, secret), null)
})

async function expireSession(id: string): Promise<void> {
  await server.database.database.system((sql) =>
    sql(`update connect_session set expires_at = created_at where id = $1`, [id]),
  )
}

test('a form that cannot be read is refused, and nobody’s bug', async () => {
  const post = (type: string, body: string) =>
    fetch(`${server.url}/connect/begin`, { method: 'POST', headers: { 'content-type': type }, body })
  const form = 'application/x-www-form-urlencoded'
  const answers = [await post('text/csv', 'a,b'), await post(form, `token=${'x'.repeat(70_000)}`)]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [422, 413],
  )
  for (const answer of answers) assert.match(await answer.text(), /This cannot go on/)
})

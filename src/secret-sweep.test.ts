import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Provider } from '@patchbay/kit'
import { walkConsent } from './cli/walk-consent.ts'
import { contextOf } from './engine/vault/data-key-cache.ts'
import type { Network, WireRequest } from './ports/network.ts'
import { readBody } from './ports/network.ts'
import { consentProvider, keyProvider, providers, startTestServer, type TestServer, until } from './test-server.ts'
import { formsOf, openSweep } from './test-sweep.ts'

/**
 * Every secret of a long story is known: what the platforms gave out and what was sent to them, what people typed, and our own. In the end each is looked
 * for, in every form, in every line of the log, every answer and page, and every column of the database (T15, T24, T48). There are two places where they
 * may be: the answer of the credentials endpoint, and the requests to the platform itself. Neither is in the texts that are searched.
 */
let server: TestServer
const secrets = new Map<string, string | Uint8Array>()
/** What browsers were shown: heads and bodies of every page and redirect of ours. */
const pages: string[] = []
const ownKey = 'e1f4'.repeat(16)

const know = (what: string, value: string | Uint8Array | undefined | null) => {
  if (value && value.length >= 8) secrets.set(`${what} ${secrets.size}`, value)
}

before(async () => {
  server = await startTestServer({
    env: () => ({ PATCHBAY_ENCRYPTION_KEY: ownKey }),
    networks: (networks) => ({ ...networks, test: listening(networks.test) }),
  })
})
after(() => server.stop())

test('a whole story: connecting, reading, renewing, failing in every way, acting, rotating, disconnecting', async () => {
  know('encryption key', ownKey)
  know('encryption key', Buffer.from(ownKey, 'hex'))
  for (const key of Object.values(server.keys)) know('API key', key)
  for (const { clientSecret } of server.sandbox.apps.list()) know('client secret', clientSecret)
  const artist = (n: number) => server.sandbox.world.artists[n]!
  for (const provider of providers)
    for (let n = 0; n < 8; n++)
      for (const [field, value] of Object.entries(server.sandbox.personas.persona(provider, artist(n)).credentials))
        if (field !== 'username') know(field, value)

  const ids: string[] = []
  for (const provider of providers) ids.push(await connect(provider, 0))
  await weather(consentProvider, await connect(consentProvider, 1))
  await consentsThatFail()
  await keysThatAreWrong()
  const { status } = await server.ask('POST', `/v1/connections/${ids[0]}/sync`)
  assert.ok(status < 300)

  const gone = await connect(consentProvider, 2)
  await server.ageGrants()
  server.sandbox.meddle(consentProvider.id, artist(2).key, 'revoke')
  await server.ask('GET', `/v1/proxy/${gone}/me`)
  await server.ask('POST', `/v1/connections/${gone}/validate`)

  await setUpWithSecrets()
  await signedIn()
  await server.ask('POST', '/v1/vault/rotate-data-keys')
  await until(async () => (await server.ask('GET', '/v1/vault')).json.dataKey.state === 'settling')
  await server.ask('DELETE', `/v1/connections/${ids[0]}`)
  await readEverything()

  const { deps, vault } = server.engine
  for (const { id } of await deps.directory.environments())
    for (const key of await deps.dataKeys.read(id))
      know('data key', await deps.keys.unwrap(key.wrapped, contextOf(key), key.keyId))
  know('session secret', await vault.secretFor('sessions'))
  for (const { accessTokens, refreshTokens } of server.sandbox.grants.list())
    for (const token of [...accessTokens, ...refreshTokens]) know('token', token)
})

test('T24, T48: nothing of it is in any line of the log, any answer or page, or any column of the database', async () => {
  const kinds = new Set([...secrets.keys()].map((name) => name.replace(/ \d+$/, '')))
  for (const kind of expectedKinds) assert.ok(kinds.has(kind), `no ${kind} was seen: ${[...kinds].join()}`)
  assert.ok(secrets.size > 150, `${secrets.size} secrets`)
  const places = await allPlaces()
  const sweep = openSweep(secrets)
  for (const [where, text] of places) {
    // The page of an invitation carries it on, for the browser that came with it.
    const found = sweep(text).filter(({ secret }) => !(where === 'the pages' && secret.startsWith('invitation')))
    assert.deepEqual(found.slice(0, 3), [], where)
  }
})

test('T24: a leak that is planted is found, in every place and every form', async () => {
  const sweep = openSweep(secrets)
  const [[name, token]] = [...secrets].filter(([what]) => what.startsWith('token ')) as [[string, string]]
  for (const [form, text] of formsOf(token))
    for (const planted of [
      `{"level":"info","address":"/x?a=${text}&b"}`,
      `\\x00${text}ff`,
      text,
      `(env_test,"${text}")`,
    ])
      assert.ok(
        sweep(planted).some(({ secret }) => secret === name),
        `${form} in ${planted}`,
      )
  // As the real thing: a column of text, of JSON and of bytes, and a log that was not cleaned.
  await server.database.database.tenant(server.environments.test.id, async (sql) => {
    await sql(`update integration set name = $1, incident = $2 where client_id is not null`, [
      `called ${token}`,
      JSON.stringify({ code: 'x', says: Buffer.from(`"${token}"`).toString('base64'), since: 0 }),
    ])
  })
  const found = (await server.dump()).get('public.integration')!
  assert.deepEqual([...new Set(sweep(found).map(({ form }) => form.split(' ')[0]))].sort(), ['base64', 'plain'])
  const before = server.lines.length
  server.engine.deps.log.info('planted', {
    token,
    deep: [{ url: `https://x.example/?t=${encodeURIComponent(token)}` }],
  })
  assert.deepEqual(sweep(server.lines.slice(before).join('')), [], 'the log hides what it knows')
  const answer = await server.ask('GET', '/v1/integrations')
  assert.ok(sweep(answer.text).length > 0, 'the answer shows the planted name')
})

const expectedKinds = [
  ...['API key', 'encryption key', 'data key', 'session secret', 'client secret', 'token', 'code', 'code_verifier'],
  ...['access_token', 'refresh_token', 'authorization', 'invitation', 'cookie', 'session cookie', 'typed'],
]

async function allPlaces(): Promise<[where: string, text: string][]> {
  return [
    ['the log', server.lines.join('')],
    ['the answers', server.transcript.join('\n')],
    ['the pages', pages.join('\n')],
    ...[...(await server.dump())].map(([table, text]) => [`table ${table}`, text] as [string, string]),
  ]
}

/** What goes to the platform and what comes back, as it is given out and used there. */
function listening(network: Network): Network {
  return {
    async send(request, signal) {
      listenTo(request)
      const response = await network.send(request, signal)
      if (!/[/+]json/.test(response.headers['content-type'] ?? '')) return response
      const bytes = await readBody(response)
      for (const [, name, value] of Buffer.from(bytes)
        .toString()
        .matchAll(/"(\w+_token)":\s*"([^"]+)"/g))
        know(name!, value)
      return {
        ...response,
        body: (async function* () {
          yield bytes
        })(),
      }
    },
  }
}

function listenTo({ headers, body, url }: WireRequest): void {
  know('authorization', headers.authorization?.replace(/^\w+ /, ''))
  const form = new URLSearchParams(typeof body === 'string' ? body : '')
  for (const [name, value] of [...form, ...new URL(url).searchParams])
    if (/^(code|code_verifier|client_secret|password|api_key|\w*_?token)$/.test(name)) know(name, value)
}

/** A browser whose requests and answers are ours to see: what the platform's side shows is its own affair. */
const send: typeof fetch = async (input, init) => {
  const url = new URL(String(input))
  // A code is the platform's secret; `state` is what ties it to this browser.
  for (const name of ['code', 'state']) know(name, url.searchParams.get(name))
  const response = await fetch(input, init)
  for (const cookie of response.headers.getSetCookie()) know('cookie', /^[^=]+=([^;]{16,})/.exec(cookie)?.[1])
  if (!url.href.startsWith(server.url)) return response
  const text = await response.clone().text()
  // Cookies and the address of the consent page are for this browser; everything else is searched.
  const shown = [...response.headers].filter(([name]) => name !== 'set-cookie' && name !== 'location')
  pages.push(`${shown.map((pair) => pair.join(': ')).join('\n')}\n${text}`)
  return response
}

async function connect(provider: Provider, n: number): Promise<string> {
  const { id } = await server.connect(provider, { artist: n, profile: `artist-${n}`, send })
  return id
}

/** Everything that can go wrong on the way to a platform, on its API and at its token endpoint, while tokens are renewed and calls are made. */
async function weather(provider: Provider, id: string): Promise<void> {
  if (provider.auth.scheme !== 'oauth2') throw new Error('this part of the story needs tokens that are renewed')
  const persona = server.sandbox.world.artists[1]!.key
  const token = new URL(provider.auth.tokenUrl)
  const routes = [`* ${token.host}${token.pathname}`, undefined]
  const kinds = [
    ...(['drop', 'lose', 'outage', 'html', 'truncate', 'drift', 'rotate'] as const).map((kind) => ({ kind })),
    ...[400, 401, 403, 500, 503].map((status) => ({ kind: 'fail', status }) as const),
    { kind: 'throttle', retryAfter: 'seconds', waitMs: 1_000 } as const,
  ]
  for (const rule of kinds)
    for (const route of routes) {
      server.sandbox.weather.add({ ...rule, provider: provider.id, times: 1, ...(route && { route }) })
      server.sandbox.meddle(provider.id, persona, 'expire')
      await server.ageGrants()
      await Promise.race([
        server.ask('GET', `/v1/proxy/${id}/me?access_token=typed-into-the-address`),
        new Promise((resolve) => setTimeout(resolve, 700)),
      ])
      server.sandbox.weather.clear()
    }
  know('typed', 'typed-into-the-address')
}

/** Consent that is declined, forged, used twice, or met by a token endpoint that is not well. */
async function consentsThatFail(): Promise<void> {
  const invite = async () => {
    const { url, token } = await server.client().connectSessions.create({
      profile: { id: 'unlucky' },
      integrations: [consentProvider.id],
    })
    know('invitation', token)
    return url
  }
  const walk = async () => walkConsent(await invite(), { persona: server.sandbox.world.artists[3]!.key, send })
  // Each of them befalls the exchange of the code, and brings the person back to the invitation, which says why.
  const ends = [
    [{ kind: 'fail', status: 500 }, 'provider.down'],
    [{ kind: 'html' }, 'provider.down'],
    [{ kind: 'drop' }, 'provider.timeout'],
  ] as const
  if (consentProvider.auth.scheme !== 'oauth2') throw new Error('this part of the story needs a consent page')
  const token = new URL(consentProvider.auth.tokenUrl)
  // There alone: what is asked of the platform in the background meanwhile has better weather.
  const route = `* ${token.host}${token.pathname}`
  for (const [rule, problem] of ends) {
    const id = server.sandbox.weather.add({ ...rule, provider: consentProvider.id, route, times: 1 })
    const { url, status } = await walk()
    const { pathname, searchParams } = new URL(url)
    assert.deepEqual([status, pathname, searchParams.get('problem')], [200, '/connect', problem], rule.kind)
    assert.equal(server.sandbox.weather.list().find((one) => one.id === id)?.fired, 1, `${rule.kind} befell nothing`)
    server.sandbox.weather.clear()
  }
  const path = `/oauth/callback/int_env_test_${consentProvider.id}`
  for (const query of ['code=forged-code-of-somebody', 'error=access_denied&state=forged-state-of-somebody'])
    await send(`${server.url}${path}?${query}&state=forged-state-of-somebody`)
  await send((await invite()).replace(/token=.*/, 'token=forged-invitation-of-somebody'))
  know('typed', 'forged-invitation-of-somebody')
  const { json } = await server.ask('GET', '/v1/connections?profile=unlucky')
  assert.deepEqual(json.data, [], 'nobody was connected')
}

/** What a person types into the form, and it is wrong; what an application sends, and it is refused. */
async function keysThatAreWrong(): Promise<void> {
  const { url, token } = await server.client().connectSessions.create({
    profile: { id: 'unlucky' },
    integrations: [keyProvider.id],
  })
  know('invitation', token)
  know('typed', 'a-key-that-was-typed-wrong')
  const fields = Object.keys('fields' in keyProvider.auth ? keyProvider.auth.fields : {})
  const inputs = Object.fromEntries(fields.map((field) => [field, 'a-key-that-was-typed-wrong']))
  const account = server.sandbox.personas.persona(keyProvider, server.sandbox.world.artists[4]!).account
  await walkConsent(url, { persona: '', inputs: { ...account.inputs, ...inputs }, send })
  know('typed', 'pb_test_an-api-key-that-is-none')
  await server.ask('GET', '/v1/profiles', { key: 'pb_test_an-api-key-that-is-none' })
  know('typed', 'a-secret-in-the-wrong-field')
  const wrong = { provider: consentProvider.id, unheardOf: 'a-secret-in-the-wrong-field' }
  await server.ask('PUT', '/v1/integrations/second', { body: wrong })
  await server.ask('PUT', '/v1/integrations/second', {
    body: { ...wrong, unheardOf: undefined, settings: { nope: 'a-secret-in-the-wrong-field' } },
  })
  await server.ask('POST', '/v1/keys', { body: '{"name":"a-secret-in-the-wrong-field' })
}

/** Secrets that an operator enters, keys that are made and used, and answers that are kept to be asked for again. */
async function setUpWithSecrets(): Promise<void> {
  know('client secret', 'a-client-secret-of-an-operator')
  const body = { provider: consentProvider.id, clientId: 'app', clientSecret: 'a-client-secret-of-an-operator' }
  await server.ask('PUT', '/v1/integrations/second', { body })
  for (let n = 0; n < 2; n++) {
    // The one answer that shows a key, once, and the same again to whoever sends the same request with its key.
    const response = await fetch(`${server.url}/v1/keys`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${server.keys.test}`,
        'content-type': 'application/json',
        'idempotency-key': 'swept',
      },
      body: JSON.stringify({ name: 'swept', scopes: ['metrics:read'] }),
    })
    const { text } = (await response.json()) as { text: string }
    know('API key', text)
    await server.ask('GET', '/v1/metrics/definitions', { key: text })
  }
}

/** The owner's session in the console. */
async function signedIn(): Promise<void> {
  const link = await server.server.people.ownerLink()
  know('invitation', new URL(link).searchParams.get('token'))
  const response = await fetch(link, { redirect: 'manual' })
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]!)
  for (const cookie of cookies) {
    const value = cookie.slice(cookie.indexOf('=') + 1)
    know('session cookie', value)
    know('session cookie', decodeURIComponent(value))
  }
  const headers = { cookie: cookies.join('; '), 'sec-fetch-site': 'same-origin' }
  for (const path of ['/v1/me', '/v1/connections', '/v1/keys', '/v1/audit'])
    await server.ask('GET', path, { key: null, headers })
}

/** Every operation that reads, with the ids that lists name, and every page. */
async function readEverything(): Promise<void> {
  const { json: document } = await server.ask('GET', '/openapi.json', { key: null })
  const known = new Set<string>()
  const paths = Object.entries<Record<string, unknown>>(document.paths).filter(([, methods]) => 'get' in methods)
  for (const [path] of paths.filter(([path]) => !path.includes('{'))) {
    const { json } = await server.ask('GET', path)
    for (const row of Array.isArray(json?.data) ? json.data : []) if (typeof row.id === 'string') known.add(row.id)
  }
  for (const profile of ['artist-0', 'artist-1']) await server.ask('GET', `/v1/metrics?profile=${profile}`)
  // Those of connections, profiles, runs and whatever else has an id; most fit one of the paths only, and the refusals are searched as well.
  const some = [...known].filter((id) => /^(con|cse|run|int)_|^artist-/.test(id)).slice(0, 60)
  for (const [path] of paths.filter(([path]) => path.includes('{') && !path.endsWith('/credentials')))
    for (const id of some) await server.ask('GET', path.replace(/\{\w+\}/g, id))
  for (const path of ['/metrics', '/ready', '/health', '/reference/faults', '/console/', '/connect', '/nothing/here'])
    await server.ask('GET', path)
}

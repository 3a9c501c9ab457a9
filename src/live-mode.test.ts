import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Provider } from '@patchbay/kit'
import { variableOf } from './config.ts'
import { sandboxed } from './drivers/network/sandboxed.ts'
import { openUndiciNetwork } from './drivers/network/undici.ts'
import { type Network, readBody, type WireRequest } from './ports/network.ts'
import { consentProvider, keyProvider, providers, startTestServer, type TestServer, until } from './test-server.ts'

/** What left the server, by environment: at the sandbox's address in `test`, at the real hosts in `live`, where the same sandbox answers. */
const sent: Record<'test' | 'live', WireRequest[]> = { test: [], live: [] }

/** Apps that the environment sets up; of one provider it sets none, so that it can be entered over the API. */
const configured = providers.filter(({ auth }) => auth.scheme === 'oauth2')

let server: TestServer
let wire: ReturnType<typeof openUndiciNetwork>
let sandboxUrl: string
before(async () => {
  server = await startTestServer({
    front: async (url) => {
      sandboxUrl = url
      wire = openUndiciNetwork({ allow: [new URL(url).host] })
      return { url, close: () => wire.close() }
    },
    networks: () => ({
      test: sandboxed(recorded('test', wire), sandboxUrl),
      // The pretend internet itself: nothing in between that could change a request.
      live: recorded('live', { send: (request, signal) => server.sandbox.send(request, signal) }),
    }),
    env: (sandbox) =>
      Object.fromEntries(
        configured.flatMap(({ id }) => {
          const { clientId, clientSecret, settings } = sandbox.apps.first(id)
          return Object.entries({ clientId, clientSecret, ...settings }).map(([name, value]) => [
            variableOf(id, name),
            value ?? '',
          ])
        }),
      ),
  })
})
after(() => server.stop())

function recorded(mode: 'test' | 'live', network: Network): Network {
  return {
    async send(request, signal) {
      const body =
        request.body === undefined
          ? undefined
          : Buffer.from(await readBody({ status: 0, headers: {}, body: pieces(request.body) }))
      const whole = { ...request, body }
      sent[mode].push(whole)
      return network.send(whole, signal)
    },
  }
}

test('an app in the environment’s variables is a live integration, and says which address to register', async () => {
  const { data } = await server.client(server.keys.live).integrations.list()
  assert.deepEqual(data.map(({ provider }) => provider).toSorted(), configured.map(({ id }) => id).toSorted())
  for (const { id, provider, clientId, hasSecret, redirectUri } of data) {
    assert.equal(clientId, server.sandbox.apps.first(provider).clientId)
    assert.equal(hasSecret, true)
    assert.equal(redirectUri, `${server.url}/oauth/callback/${id}`)
  }
  for (const { clientSecret } of server.sandbox.apps.list())
    if (clientSecret) assert.ok(!JSON.stringify(data).includes(clientSecret))
})

for (const provider of providers)
  test(`${provider.name}: nothing but the base address differs between the sandbox and live`, async () => {
    const scopes = await scopesInTest(provider)
    await server
      .client(server.keys.live)
      .integrations.save({ id: `int_env_live_${provider.id}`, provider: provider.id, scopes })
    const [rehearsed, real] = [await connectAndRead('test', provider), await connectAndRead('live', provider)]
    assert.ok(rehearsed.connect.length > 0 && rehearsed.read.length > 0)
    // In order while connecting; streams are read side by side.
    assert.deepEqual(real.connect, rehearsed.connect)
    assert.deepEqual(real.read, rehearsed.read)
    assert.deepEqual(real.numbers, rehearsed.numbers)
  })

test('an app that is entered over the API works the same', async () => {
  const { clientId, clientSecret, settings } = server.sandbox.apps.first(consentProvider.id)
  const api = server.client(server.keys.live)
  const saved = await api.integrations.save({
    id: 'entered',
    provider: consentProvider.id,
    clientId,
    clientSecret: clientSecret!,
    settings: { ...settings },
    scopes: await scopesInTest(consentProvider),
  })
  assert.equal(saved.redirectUri, `${server.url}/oauth/callback/entered`)
  // Accounts of one app ride along in each other's calls; the one in live is alone with its app.
  const inTest = server.client(server.keys.test)
  for (const { id } of (await inTest.connections.list({})).data) await inTest.connections.pause({ id })
  const [rehearsed, real] = [
    await connectAndRead('test', consentProvider, { artist: 1 }),
    await connectAndRead('live', consentProvider, { artist: 1, integration: 'entered' }),
  ]
  assert.deepEqual(real, rehearsed)
  // A wrong secret is found out at once and is the operator's to mend, not the owner's.
  await api.integrations.save({ id: 'entered', provider: consentProvider.id, clientSecret: 'no-longer-this-one' })
  await assert.rejects(
    server.connect(consentProvider, {
      artist: 2,
      profile: 'p2',
      key: server.keys.live,
      integration: 'entered',
      send: atSandbox,
    }),
  )
  const { data } = await api.events.list({ type: 'connect.failed', limit: 1 })
  assert.equal(data[0]?.data.fault, 'setup.credentials')
})

test('test and live never meet: no request of one went the other’s way', () => {
  assert.ok(sent.test.every(({ url }) => url.startsWith(`${sandboxUrl}/`)))
  assert.ok(
    sent.live.every(({ url }) => url.startsWith('https://') && !url.includes('127.0.0.1:')),
    'only real hosts',
  )
  assert.ok(keyProvider && consentProvider)
})

/** Connects, lets every stream be read once, and gives what was sent for it and what came of it. */
async function connectAndRead(
  mode: 'test' | 'live',
  provider: Provider,
  { artist = 0, integration = `int_env_${mode}_${provider.id}` } = {},
) {
  const key = server.keys[mode]
  const api = server.client(key)
  const from = sent[mode].length
  const { id } = await server.connect(provider, {
    artist,
    profile: `p-${artist}-${integration.length}`,
    key,
    integration,
    send: atSandbox,
  })
  const streams = async () => (await api.connections.streams({ id })).data.filter(({ blocked }) => blocked === null)
  const later = (await streams()).filter(({ lastEndedAt }) => lastEndedAt === null).map((stream) => stream.id)
  if (later.length > 0) await api.connections.sync({ id, streams: later })
  await until(async () => (await streams()).every(({ lastEndedAt }) => lastEndedAt !== null), 30_000)
  const subscribed = async () => (await api.subscriptions.list({ connection: id })).data
  if (provider.webhooks?.subscription) await until(async () => (await subscribed())[0]?.standing === 'right', 30_000)
  const requests = sent[mode].slice(from).map(comparable)
  const { data } = await api.metrics.query({ connection: id })
  return {
    connect: requests.slice(0, 2),
    read: [...new Set(requests.map((request) => JSON.stringify(request)))].toSorted(),
    numbers: data.map(({ metric, value, period }) => [metric, period.day, value]),
  }
}

/** The sandbox's own apps ask for what messages need too. */
async function scopesInTest({ id }: Provider): Promise<string[]> {
  const { data } = await server.client(server.keys.test).integrations.list()
  return [...(data.find(({ provider }) => provider === id)?.scopes ?? [])]
}

/** A browser whose every way to a real host ends in the sandbox. */
const atSandbox: typeof fetch = (input, init) => fetch(String(input).replace(/^https:\//, sandboxUrl), init)

/** A request without what is new each time: tokens, codes, the integration's own name. */
function comparable({ method, url, headers, body }: WireRequest) {
  const real = url.replace(`${sandboxUrl}/`, 'https://')
  const form = Object.fromEntries(new URLSearchParams(body?.toString() ?? ''))
  for (const name of ['code', 'code_verifier', 'refresh_token', 'token', 'client_assertion'])
    if (name in form) form[name] = '*'
  const { authorization, ...rest } = headers
  return {
    method,
    url: real.replace(/(access_token|fb_exchange_token|input_token)=[^&]+/g, '$1=*'),
    headers: { ...rest, ...(authorization && { authorization: authorization.replace(/^Bearer .+/, 'Bearer *') }) },
    form: JSON.parse(JSON.stringify(form).replaceAll(/(callback|hooks)\/[\w-]+/g, '$1/ID')) as Record<string, string>,
  }
}

async function* pieces(body: NonNullable<WireRequest['body']>): AsyncIterable<Uint8Array> {
  if (typeof body === 'string' || body instanceof Uint8Array) yield Buffer.from(body)
  else yield* body
}

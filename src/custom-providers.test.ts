import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Definition } from '@patchbay/definitions'
import { exampleDefinition } from '../packages/definitions/src/test-definition.ts'
import { walkConsent } from './cli/walk-consent.ts'
import { type Asking, startTestServer, type TestServer, until } from './test-server.ts'

/** The example of the guide, changed. */
function tidewave(change: (definition: Definition) => void = () => {}): Definition {
  const definition = exampleDefinition()
  change(definition)
  return definition
}

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.stop())

const register = (definition: unknown, more: Omit<Asking, 'body'> = {}) =>
  server.ask('POST', '/v1/providers', { ...more, body: definition })

/** The credentials that the sandbox gave to its first artist there. */
function persona(id: string, environment = 'env_test') {
  const { sandbox } = server
  const provider = sandbox.providers.find((one) => one.id === `${id}@${environment}`)!
  const artist = sandbox.world.artists[0]!
  return { key: artist.key, ...sandbox.personas.persona(provider, artist) }
}

async function connect(id: string, profile: string): Promise<string> {
  const { key, account, credentials } = persona(id)
  const session = await server.client().connectSessions.create({ profile: { id: profile }, integrations: [id] })
  await walkConsent(session.url, { persona: key, inputs: { ...account.inputs, ...credentials } })
  const { state, connections, says } = await server.client().connectSessions.read({ id: session.id })
  assert.equal(state, 'done', `${says} ${server.lines.slice(-3).join('')}`)
  return connections[0]!
}

/** Some streams begin half a minute after connecting; nobody waits for that here. */
async function readAll(id: string): Promise<void> {
  await server.client().connections.sync({ id })
  await until(async () => {
    const { data } = await server.client().connections.streams({ id })
    return data.every(({ freshness }) => freshness.syncedAt !== null)
  })
}

test('a platform of one’s own: registered, set up, connected with a key, read, and its numbers are there', async () => {
  const registered = await register(tidewave())
  assert.equal(registered.status, 201, registered.text)
  assert.partialDeepStrictEqual(registered.json, { version: 1, narrows: [], remarks: [] })
  assert.partialDeepStrictEqual(registered.json.provider, { id: 'tidewave', custom: true })
  const setUp = await server.ask('PUT', '/v1/integrations/tidewave', { body: { provider: 'tidewave' } })
  assert.equal(setUp.status, 200, setUp.text)

  const id = await connect('tidewave', 'lanterns')
  const connection = await server.client().connections.read({ id })
  assert.partialDeepStrictEqual(connection, { provider: 'tidewave', account: { id: '4711', name: 'Paper Lanterns' } })
  await readAll(id)

  const { data } = await server
    .client()
    .metrics.query({ profile: 'lanterns', metric: 'consumption.plays,audience.followers' })
  assert.deepEqual(data.map(({ metric, value }) => [metric, value]).sort(), [
    ['audience.followers', 12840],
    ['consumption.plays', 903112],
  ])
  const { data: items } = await server.client().items.list({ profile: 'lanterns' })
  assert.deepEqual(items.map(({ id: item }) => item).sort(), ['t-1', 't-2', 't-3'])
  const done = await server.ask('POST', '/v1/actions/tidewave/renameTrack', {
    body: { connection: id, input: { track: 't-3', title: 'Low Tide (live)' } },
  })
  assert.deepEqual(done.json, { output: { id: 't-3', title: 'Low Tide (live)' } })
})

test('one with a consent page is connected through the sandbox’s', async () => {
  const oauth = tidewave((definition) => {
    definition.id = 'tideoauth'
    definition.api.baseUrl = 'https://api.tideoauth.example/v2'
    definition.api.hosts = { stats: 'https://stats.tideoauth.example' }
    definition.auth = {
      scheme: 'oauth2',
      authorizeUrl: 'https://login.tideoauth.example/authorize',
      tokenUrl: 'https://login.tideoauth.example/token',
      client: 'body',
      pkce: 'S256',
      scopes: { always: ['stats.read'] },
      refresh: { model: 'rotates', graceMs: 0, source: 'made up' },
      answer: {
        accessToken: 'data.token',
        refreshToken: 'data.renew',
        expiresInSeconds: 'data.ttl',
        scopes: 'data.granted',
        example: {
          data: { token: '{accessToken}', renew: '{refreshToken}', ttl: '{expiresInSeconds}', granted: '{scopes}' },
        },
      },
    }
    definition.streams.profile!.scopes = ['stats.read']
  })
  assert.equal((await register(oauth)).status, 201)
  const { clientId, clientSecret } = server.sandbox.apps.first('tideoauth@env_test')
  const body = { provider: 'tideoauth', clientId, clientSecret }
  assert.equal((await server.ask('PUT', '/v1/integrations/tideoauth', { body })).status, 200)
  const id = await connect('tideoauth', 'oauth')
  await readAll(id)
  const { scopes } = await server.client().connections.read({ id })
  assert.deepEqual(scopes.granted, ['stats.read'])
  const { data } = await server.client().metrics.query({ profile: 'oauth', metric: 'audience.followers' })
  assert.equal(data[0]?.value, 12840)
})

test('what is wrong is said all at once, with its places', async () => {
  const wrong = tidewave((definition) => {
    definition.id = 'wrong'
    definition.api.baseUrl = 'https://127.0.0.1/v1'
    definition.streams.daily!.rows = 'days[?'
    definition.streams.profile!.every = '6'
  })
  const answer = await register(wrong)
  assert.equal(answer.status, 422)
  assert.partialDeepStrictEqual(answer.json, { code: 'input.invalid', fixedBy: 'caller' })
  assert.deepEqual(
    answer.json.issues.map(({ field }: { field: string }) => field),
    ['api.baseUrl', 'streams.profile.every'],
  )
  const catalog = await register(
    tidewave((definition) => (definition.id = server.engine.setting.providers.catalog.keys().next().value!)),
  )
  assert.partialDeepStrictEqual([catalog.status, catalog.json.field], [409, 'id'])
  assert.equal((await register({})).status, 422)
  assert.equal((await server.ask('GET', '/v1/providers/wrong')).status, 404)
})

test('replacing keeps connections, says what narrows, and reads new streams', async () => {
  const again = await register(tidewave())
  assert.equal(again.json.version, 1, 'the same is not a new version')
  const { data } = await server.client().connections.list({ profile: 'lanterns' })
  const narrower = await register(
    tidewave((definition) => {
      definition.name = 'Tidewave 2'
      const { profile, tracks } = definition.streams
      profile!.every = '12h'
      definition.streams = { likes: { ...tracks!, items: undefined }, profile: profile! }
    }),
  )
  assert.equal(narrower.status, 201, narrower.text)
  assert.equal(narrower.json.version, 2)
  assert.equal(narrower.json.narrows.length, 2, narrower.json.narrows.join(' '))
  const id = data[0]!.id
  await server.client().connections.sync({ id, streams: ['likes'] })
  await until(async () => {
    const streams = await server.client().connections.streams({ id })
    assert.equal(streams.data.find(({ id: name }) => name === 'profile')?.everyMs, 12 * 3_600_000)
    return streams.data.some(({ id: name, freshness }) => name === 'likes' && freshness.syncedAt !== null)
  })
  assert.equal((await server.client().connections.read({ id })).state, 'healthy')
  const read = await server.ask('GET', '/v1/providers/tidewave')
  assert.partialDeepStrictEqual(read.json, { provider: { name: 'Tidewave 2' }, definition: { version: 2 } })
  assert.deepEqual(Object.keys(read.json.definition.document.streams), ['likes', 'profile'])
})

test('credentials that are stored are not sent anywhere else by a new version', async () => {
  const moved = await register(
    tidewave((definition) => {
      definition.api.baseUrl = 'https://collector.example/v2'
    }),
  )
  assert.partialDeepStrictEqual([moved.status, moved.json.code], [409, 'input.conflict'])
  assert.match(moved.json.detail, /credentials would be sent to collector\.example/)
  assert.equal((await server.ask('GET', '/v1/providers/tidewave')).json.definition.version, 2)
})

test('it is the environment’s own: others know nothing of it, and may have another of the same id', async () => {
  const { other } = server.keys
  assert.equal((await server.ask('GET', '/v1/providers/tidewave', { key: other })).status, 404)
  const { json } = await server.ask('GET', '/v1/providers', { key: other })
  assert.ok(json.data.every(({ custom }: { custom: boolean }) => !custom))
  const body = { provider: 'tidewave' }
  assert.equal((await server.ask('PUT', '/v1/integrations/tidewave', { key: other, body })).status, 422)
  assert.equal((await server.ask('DELETE', '/v1/providers/tidewave', { key: other })).status, 404)
  const theirs = tidewave((definition) => (definition.name = 'Theirs'))
  assert.equal((await register(theirs, { key: other })).json.provider.name, 'Theirs')
  assert.equal((await server.ask('GET', '/v1/providers/tidewave')).json.provider.name, 'Tidewave 2')
  assert.equal((await server.ask('DELETE', '/v1/providers/tidewave', { key: other })).status, 200)
})

test('it goes when no connection uses it, and its integrations forget their secrets', async () => {
  const refused = await server.ask('DELETE', '/v1/providers/tidewave')
  assert.partialDeepStrictEqual([refused.status, refused.json.code], [409, 'input.conflict'])
  assert.match(refused.json.detail, /^1 use "tidewave"/)
  const secret = { provider: 'tidewave', clientSecret: 'pssst' }
  assert.equal((await server.ask('PUT', '/v1/integrations/tidewave', { body: secret })).json.hasSecret, true)
  const { data } = await server.client().connections.list({ profile: 'lanterns' })
  await server.client().connections.disconnect({ id: data[0]!.id })
  assert.equal((await server.ask('DELETE', '/v1/providers/tidewave')).status, 200)
  assert.equal((await server.ask('GET', '/v1/providers/tidewave')).status, 404)
  const integrations = (await server.client().integrations.list()).data
  assert.partialDeepStrictEqual(
    integrations.find(({ id }) => id === 'tidewave'),
    { enabled: false, hasSecret: false, clientId: null },
  )
  // Nothing of the old one reaches the new.
  const moved = tidewave((definition) => (definition.api.baseUrl = 'https://collector.example/v2'))
  assert.equal((await register(moved)).json.version, 1)
})

test('there are at most fifty', async () => {
  const key = server.keys.live
  const numbered = (nth: number) => tidewave((definition) => (definition.id = `many-${nth}`))
  for (let nth = 0; nth < 50; nth++) assert.equal((await register(numbered(nth), { key })).status, 201)
  const full = await register(numbered(50), { key })
  assert.partialDeepStrictEqual([full.status, full.json.code], [409, 'input.conflict'])
})

test('the schema is published', async () => {
  const answer = await server.ask('GET', '/v1/providers/schema')
  assert.match(answer.headers.get('content-type')!, /^application\/schema\+json/)
  const json = JSON.parse(answer.text)
  assert.equal(json.$schema, 'https://json-schema.org/draft/2020-12/schema')
  assert.ok(json.properties.streams)
})

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Artist, dayMs, isFault, type Json, type Observation, parseJson, runTime, type Truth } from '@patchbay/kit'
import { Ajv } from 'ajv'
import { openSandbox, type SandboxOptions } from '../../sandbox/sandbox.ts'
import { readBody } from '../../src/ports/network.ts'
import youtube from './index.ts'
import { addressOf, answering, tryStream } from './test-stream.ts'

const { channel, daily, videos, audience } = youtube.streams as Required<typeof youtube.streams>
const auth = youtube.auth.scheme === 'oauth2' ? youtube.auth : assert.fail()

test('what the connector reads is the truth, number by number, for channels of every kind', async () => {
  const { sandbox, time, connect } = open()
  for (const artist of sandbox.world.artists.slice(0, 14)) {
    const { http, id } = await connect(artist)
    const found: Observation[] = []
    for (const stream of [channel, daily, videos])
      found.push(...(await tryStream(stream!, http, { ids: [id], time: time() })).observations)
    const to = time().today()
    const truth = sandbox.truth('youtube', artist.key, { from: sandbox.world.since, to })
    assert.deepEqual(found.map(inShort).sort(), truth.map(inShort).sort(), artist.key)
  }
})

test('F47: young days are corrected until they are final, and final ones never change', async () => {
  const { sandbox, clock, time, connect } = open()
  const artist = sandbox.world.artists[0]!
  const { http, id } = await connect(artist)
  const stored = new Map<string, Observation>()
  let cursor: Json = null
  let corrected = 0
  for (let day = 0; day < 12; day++) {
    const run = await tryStream(daily!, http, { ids: [id], time: time(), cursor })
    assert.deepEqual(run.refused, [])
    cursor = run.cursor
    for (const observation of run.observations) {
      const key = `${observation.metric} ${observation.day}`
      const before = stored.get(key)
      if (before && before.value !== observation.value) {
        assert.equal(before.final, false, `${key} was final and changed`)
        corrected++
      }
      stored.set(key, observation)
    }
    const truth = sandbox.truth('youtube', artist.key, { from: sandbox.world.since, to: time().today() })
    const days = truth.filter(({ metric }) => daily!.metrics.includes(metric))
    assert.deepEqual([...stored.values()].map(inShort).sort(), days.map(inShort).sort())
    clock.advance(dayMs)
  }
  assert.ok(corrected > 50, `${corrected} corrections`)
})

test('an ordinary day costs one unit for 50 channels, and three calls for each', async () => {
  const { sandbox, clock, time, connect } = open()
  const artists = sandbox.world.artists.slice(0, 24)
  const connected: { http: Awaited<ReturnType<typeof connect>>['http']; id: string }[] = []
  for (const artist of artists) connected.push(await connect(artist))
  const ids = connected.map(({ id }) => id)
  const cursors = new Map<string, { daily: Json; videos: Json }>()
  const day = async () => {
    const before = sandbox.ledger.entries.length
    await tryStream(channel!, connected[0]!.http, { ids, time: time() })
    for (const { http, id } of connected) {
      const cursor = cursors.get(id)
      const days = await tryStream(daily!, http, { ids: [id], time: time(), cursor: cursor?.daily })
      const list = await tryStream(videos!, http, { ids: [id], time: time(), cursor: cursor?.videos })
      cursors.set(id, { daily: days.cursor, videos: list.cursor })
    }
    const spent: Record<string, number> = {}
    for (const { takes } of sandbox.ledger.entries.slice(before))
      for (const [bucket, amount] of Object.entries(takes ?? {})) {
        const quota = bucket.split('/')[0]!
        spent[quota] = (spent[quota] ?? 0) + amount
      }
    return spent
  }
  await day()
  clock.advance(dayMs)
  const spent = await day()
  assert.deepEqual(spent, { general: 1 + artists.length, analytics: artists.length, batchGetStats: artists.length })
  assert.deepEqual(sandbox.ledger.violations, [])
})

test('new videos are found, deleted ones are noticed within a week, and nothing is read twice', async () => {
  const { sandbox, clock, time, connect } = open({ since: '2026-06-01' })
  // Every fourth artist deletes the fourth studio diary forty days after it came out.
  const artist = sandbox.world.artists.filter(({ index }) => index % 4 === 1)[1]!
  const { http, id } = await connect(artist)
  const items = new Map<string, number>()
  const removed: string[] = []
  let cursor: Json = null
  for (let day = 0; day < 140; day++) {
    const run = await tryStream(videos!, http, { ids: [id], time: time(), cursor })
    cursor = run.cursor
    for (const item of run.items) items.set(item.id, (items.get(item.id) ?? 0) + 1)
    removed.push(...run.removed)
    clock.advance(dayMs)
  }
  const there = new Set(truthNow().map(({ item }) => item))
  there.delete(undefined)
  const kept = [...items.keys()].filter((id) => !removed.includes(id))
  assert.deepEqual(kept.sort(), [...there].sort())
  assert.deepEqual([removed.length, Math.max(...items.values())], [1, 1])

  function truthNow(): Truth[] {
    clock.advance(-dayMs)
    return sandbox.truth('youtube', artist.key, { from: time().today(), to: time().today() })
  }
})

test('a run that broke off goes on where it stopped', async () => {
  const { sandbox, time, connect } = open()
  const many = sandbox.world.artists.find((artist) => sandbox.truth('youtube', artist.key, today()).length > 3 * 55)!
  const { http, id } = await connect(many)
  const whole = await tryStream(videos!, http, { ids: [id], time: time() })
  const first = await tryStream(videos!, http, { ids: [id], time: time(), stopAfter: 1 })
  const rest = await tryStream(videos!, http, { ids: [id], time: time(), checkpoint: first.checkpoint })
  assert.deepEqual([...first.items, ...rest.items], whole.items)
  assert.deepEqual(rest.cursor, whole.cursor)

  function today() {
    return { from: time().today(), to: time().today() }
  }
})

test('a channel that opens later is not there before', async () => {
  const { sandbox, connect, time } = open({ since: '2026-11-01' })
  const young = sandbox.world.artists.find(({ index }) => index % 6 === 5)!
  await assert.rejects(connect(young), (error) => isFault(error, 'connection.unsuitable'))
  const { http } = await connect(sandbox.world.artists[0]!)
  const { id } = youtube.emulator.account(young, sandbox.world)
  const { observations, pages } = await tryStream(channel!, http, { ids: [id], time: time() })
  assert.deepEqual(
    observations.map(({ value, reason }) => `${value} ${reason}`),
    Array(3).fill('null unavailable'),
  )
  assert.match(pages[0]!.gone!, /closed, suspended or unknown/)
})

test('YouTube says no in its own words, and each is understood', async () => {
  const { sandbox, connect, time } = open()
  const [one, other] = sandbox.world.artists as [Artist, Artist]
  const { http, id } = await connect(one)
  const theirs = youtube.emulator.account(other, sandbox.world).id
  const report = {
    ids: `channel==${id}`,
    startDate: '2026-11-01',
    endDate: '2026-11-10',
    metrics: 'views',
    dimensions: 'day',
  }
  const reports = (change: Record<string, string>) =>
    http.get('/reports', { ...report, ...change }, { host: 'analytics' })
  const list = { part: 'snippet', playlistId: id.replace('UC', 'UU') }
  const check = async (call: Promise<unknown>, expected: string) => {
    const said = await call.then(
      () => 'ok',
      (error) => (isFault(error) ? `${error.code} ${error.detail.reason}` : String(error)),
    )
    assert.equal(said, expected)
  }
  await check(reports({}), 'ok')
  await check(reports({ dimensions: 'day,video' }), 'provider.rejected badRequest')
  await check(reports({ metrics: 'viewerPercentage' }), 'provider.rejected badRequest')
  await check(reports({ ids: `channel==${theirs}` }), 'provider.forbidden forbidden')
  await check(reports({ startDate: 'yesterday' }), 'provider.rejected invalid')
  await check(http.get('/playlistItems', { ...list, pageToken: 'CDIQAA' }), 'provider.cursor invalidPageToken')
  await check(http.get('/playlistItems', { ...list, playlistId: 'UUnobody' }), 'provider.missing playlistNotFound')
  await check(http.get('/playlistItems', { ...list, maxResults: 51 }), 'provider.rejected invalidParameter')
  await check(http.get('/playlistItems', { playlistId: list.playlistId }), 'provider.rejected missingRequiredParameter')
  await check(http.get('/channels', { part: 'snippet' }), 'provider.rejected missingRequiredParameter')
  await check(
    http.get('/channels', { part: 'snippet', mine: true }, { as: 'app' }),
    'connection.expired authorizationRequired',
  )

  const { http: half } = await connect(one, { scopes: [auth.scopes.always[0]!] })
  await check(tryStream(daily!, half, { ids: [id], time: time() }), 'connection.scopes insufficientPermissions')
  const readonly = auth.scopes.always[1]!
  const { http: otherHalf } = await connect(one, { scopes: [readonly], identify: false })
  await check(
    tryStream(daily!, otherHalf, { ids: [id], time: time(), cursor: { final: '2026-11-01' } }),
    'connection.scopes insufficientPermissions',
  )

  sandbox.meddle('youtube', one.key, 'revoke')
  await check(http.get('/channels', { part: 'id', mine: true }), 'connection.expired authError')
})

test('each empty bucket is told apart, and stays empty until midnight in California', async () => {
  for (const [quota, stream] of Object.entries({ general: channel, analytics: audience, batchGetStats: videos })) {
    const { sandbox, connect, time } = open()
    const { http, id } = await connect(sandbox.world.artists[0]!)
    sandbox.quotas.change('youtube', quota, 0)
    await assert.rejects(
      tryStream(stream!, http, { ids: [id], time: time() }),
      (error) => isFault(error, 'provider.exhausted') && error.detail.quota === quota,
      quota,
    )
  }
})

test('a slow-down of seconds is no empty bucket, which would be left alone until midnight', async () => {
  for (const stream of [channel, audience, videos]) {
    const { sandbox, connect, time } = open()
    const { http, id } = await connect(sandbox.world.artists[0]!)
    sandbox.weather.add({ kind: 'throttle', retryAfter: 'absent', waitMs: 20_000 })
    await assert.rejects(tryStream(stream!, http, { ids: [id], time: time() }), (error) =>
      isFault(error, 'provider.throttled'),
    )
  }
})

test('an answer that did not change is a 304 to whoever names its etag', async () => {
  const { sandbox, connect } = open()
  const { http } = await connect(sandbox.world.artists[0]!)
  const request = { path: '/channels', query: { part: 'statistics', mine: true } }
  const { headers } = await http(request)
  await assert.rejects(
    http({ ...request, headers: { 'if-none-match': headers.etag! } }),
    (error) => isFault(error) && error.detail.status === 304,
  )
})

// The rest compares with Google's own description of its APIs, where that is at hand.

const root = join(import.meta.dirname, '..', '..')
const specs = join(process.env.PATCHBAY_SPECS_DIR ?? join(root, '..', 'shared', 'specs'), 'youtube')
const skip = existsSync(specs) ? false : `no API descriptions at ${specs}; set PATCHBAY_SPECS_DIR to compare with them`

test('emulator, fixtures and requests are as the discovery documents say', { skip }, async (t) => {
  const check = openDescription()
  const { sandbox, connect, time, answers } = open()
  for (const artist of sandbox.world.artists.slice(0, 8)) {
    const { http, id } = await connect(artist)
    for (const stream of Object.values(youtube.streams)) await tryStream(stream, http, { ids: [id], time: time() })
    await http.get('/videos', { part: 'id,snippet,contentDetails,status,statistics', id: ['unknown'] })
    const { items } = (await http.get('/playlistItems', {
      part: 'contentDetails',
      playlistId: id.replace('UC', 'UU'),
    })) as {
      items: { contentDetails: { videoId: string } }[]
    }
    const ids = items.map(({ contentDetails }) => contentDetails.videoId)
    await http.get('/videos', { part: 'id,snippet,contentDetails,status,statistics', id: ids })
    await http.get('/channels', { part: 'id,snippet,contentDetails,statistics,status,brandingSettings', id })
  }
  for (const { url, body } of answers) check(url, body)
  const fixtures = readdirSync(join(import.meta.dirname, 'fixtures'))
  for (const file of fixtures) {
    const { request, body } = readJson(join(import.meta.dirname, 'fixtures', file)) as { request: string; body: Json }
    check(new URL(request.replace('GET ', '')), body)
  }
  t.diagnostic(`${answers.length} answers and ${fixtures.length} fixtures compared`)
})

interface Method {
  readonly parameters: Readonly<Record<string, { required?: boolean }>>
  readonly response: Json
}

/** Google's schemas as JSON Schema, with nothing allowed that they do not name. */
function openDescription() {
  const data = readJson(join(specs, 'youtube-v3.discovery.json')) as unknown as Discovery
  const analytics = readJson(join(specs, 'youtubeAnalytics-v2.discovery.json')) as unknown as Discovery
  // Newer than the discovery document, and described by the form of an answer.
  const added = readJson(join(specs, 'videos.batchGetStats.addendum.json')) as unknown as Method
  const ajv = new Ajv({ strict: false, allErrors: true })
  ajv.addSchema({ $id: 'data', definitions: toJsonSchema(data.schemas) as object })
  ajv.addSchema({ $id: 'analytics', definitions: toJsonSchema(analytics.schemas) as object })
  const methods: Record<string, { method: Method; schema: object; common: object }> = {
    '/v2/reports': {
      method: analytics.resources.reports!.methods.query!,
      schema: { $ref: 'analytics#/definitions/QueryResponse' },
      common: analytics.parameters,
    },
    '/youtube/v3/videos:batchGetStats': { method: added, schema: likeSample(added.response), common: data.parameters },
  }
  for (const name of ['channels', 'playlistItems', 'videos']) {
    const method = data.resources[name]!.methods.list!
    const { $ref } = method.response as { $ref: string }
    methods[`/youtube/v3/${name}`] = { method, schema: { $ref: `data#/definitions/${$ref}` }, common: data.parameters }
  }
  return (url: URL, body: Json) => {
    const { method, schema, common } = methods[url.pathname] ?? assert.fail(`nothing is described at ${url.pathname}`)
    const known = { ...common, ...method.parameters }
    const names = [...url.searchParams.keys()]
    assert.deepEqual(
      names.filter((name) => !Object.hasOwn(known, name)),
      [],
      `parameters of ${url}`,
    )
    const missing = Object.entries(method.parameters).filter(
      ([name, { required }]) => required && !names.includes(name),
    )
    assert.deepEqual(missing, [], `parameters of ${url}`)
    const validate = ajv.compile(schema)
    assert.ok(validate(body), `${url.pathname}: ${ajv.errorsText(validate.errors)}`)
  }
}

interface Discovery {
  readonly schemas: Json
  readonly parameters: Readonly<Record<string, object>>
  readonly resources: Readonly<Record<string, { methods: Readonly<Record<string, Method>> }>>
}

function toJsonSchema(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(toJsonSchema)
  if (schema === null || typeof schema !== 'object') return schema
  if (typeof schema.$ref === 'string') return { $ref: `#/definitions/${schema.$ref}` }
  if (schema.type === 'any') return {}
  const kept = Object.entries(schema).filter(
    ([name]) =>
      !['id', 'description', 'default', 'format', 'required', 'annotations'].includes(name) ||
      typeof schema.type !== 'string',
  )
  const converted = Object.fromEntries(kept.map(([name, value]) => [name, toJsonSchema(value)]))
  return schema.type === 'object' && schema.properties ? { ...converted, additionalProperties: false } : converted
}

/** A schema from a sample: an object allows the sample's names, a list its first element, everything else is text. */
function likeSample(sample: Json): object {
  if (Array.isArray(sample)) return { type: 'array', items: likeSample(sample[0]!) }
  if (sample === null || typeof sample !== 'object') return { type: 'string' }
  const properties = Object.fromEntries(Object.entries(sample).map(([name, value]) => [name, likeSample(value)]))
  return { type: 'object', properties, additionalProperties: false }
}

// Helpers.

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Json

const inShort = ({ metric, day, item, value }: Observation | Truth) => `${metric} ${day} ${item ?? ''} ${value}`

class ManualClock {
  #now: number
  constructor(at: string) {
    this.#now = Date.parse(at)
  }
  now = () => this.#now
  advance(ms: number) {
    this.#now += ms
  }
  async sleep(ms: number) {
    this.#now += ms
  }
}

/** The sandbox at six in the morning UTC, when California has the day before, and the OAuth walk to a channel. */
function open(options: Partial<SandboxOptions> = {}) {
  const clock = new ManualClock('2026-11-22T06:00:00Z')
  const sandbox = openSandbox({
    providers: [youtube],
    clock,
    seed: 'youtube',
    artists: 24,
    since: '2024-11-22',
    ...options,
  })
  const app = sandbox.apps.first('youtube')
  const answers: { url: URL; body: Json }[] = []
  const time = () => runTime(clock.now())
  const send = async (
    method: string,
    url: URL,
    headers: Record<string, string> = {},
    form?: Record<string, string> | [string, string][],
  ) => {
    const body = form && new URLSearchParams(form).toString()
    const type: Record<string, string> = form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}
    const answer = await sandbox.send({ method, url: url.href, headers: { ...headers, ...type }, body })
    const text = Buffer.from(await readBody(answer)).toString()
    return { status: answer.status, headers: answer.headers, body: text === '' ? null : parseJson(text) }
  }

  async function connect(artist: Artist, { scopes = auth.scopes.always, identify = true } = {}) {
    const verifier = 'a'.repeat(64)
    const redirect = 'http://127.0.0.1:4400/oauth/callback/1'
    const page = new URL(`${auth.authorizeUrl}/decide`)
    for (const [name, value] of Object.entries({
      client_id: app.clientId,
      redirect_uri: redirect,
      response_type: 'code',
      scope: auth.scopes.always.join(' '),
      state: 'state',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...auth.authorizeParams,
    }))
      page.searchParams.set(name, value)
    const ticked = scopes.map((scope): [string, string] => ['scope', scope])
    const back = await send('POST', page, {}, [['persona', artist.key], ['decision', 'allow'], ...ticked])
    const client = { client_id: app.clientId, client_secret: app.clientSecret! }
    const ask = async (form: Record<string, string>) => {
      const { body } = await send('POST', new URL(auth.tokenUrl), {}, { ...client, ...form })
      return { ...auth.answer!(body)!, at: clock.now() }
    }
    const code = new URL(back.headers.location!).searchParams.get('code')!
    let tokens = await ask({ grant_type: 'authorization_code', code, redirect_uri: redirect, code_verifier: verifier })
    const refreshToken = tokens.refreshToken!
    assert.deepEqual(
      [tokens.accessToken.slice(0, 5), refreshToken.slice(0, 4), tokens.scopes],
      ['ya29.', '1//0', [...scopes]],
    )

    const http = answering(youtube.api, async (request) => {
      const base = request.host === undefined ? youtube.api.baseUrl : youtube.api.hosts![request.host]!
      const url = addressOf(base, request)
      if (clock.now() >= tokens.at + tokens.expiresInSeconds! * 1000)
        tokens = await ask({ grant_type: 'refresh_token', refresh_token: refreshToken })
      const token = { authorization: `Bearer ${tokens.accessToken}` }
      if (request.as === 'app') url.searchParams.set('key', app.settings.apiKey!)
      const answer = await send('GET', url, { ...request.headers, ...(request.as === 'app' ? {} : token) })
      if (answer.status === 200) answers.push({ url, body: answer.body })
      return answer
    })
    if (!identify) return { http, id: youtube.emulator.account(artist, sandbox.world).id }
    const { accounts } = await youtube.identify({ http, inputs: {}, settings: {}, time: time() })
    assert.deepEqual(
      accounts.map(({ id }) => id),
      [youtube.emulator.account(artist, sandbox.world).id],
    )
    return { http, id: accounts[0]!.id }
  }

  return { sandbox, clock, time, connect, answers }
}

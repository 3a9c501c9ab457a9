import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type ApiRequest,
  addDays,
  type Day,
  type EmulatorReply,
  Fault,
  type Http,
  isFault,
  type Json,
  mostExactFirst,
  type Observation,
  openCosts,
  type Page,
  parseRoutePattern,
  runTime,
  type Subject,
} from '@patchbay/kit'
import { Ajv } from 'ajv'
import { parse as parseYaml } from 'yaml'
import { makeWorld } from '../../sandbox/world.ts'
import * as numbers from './emulator/numbers.ts'
import spotify from './index.ts'

const today = '2026-11-22'
const world = makeWorld({ seed: 'spotify', artists: 60, since: '2024-11-22' })
/** Somebody whose releases do not fit on one page. */
const busy = world.artists.find((artist) => numbers.catalogue(artist, today).length > 10)!
const busyId = numbers.pageId(world, busy)

type Settings = Readonly<Record<string, string>>
const dev: Settings = { mode: 'dev', market: 'US' }
const extended: Settings = { mode: 'extended', market: 'US' }

test('who consents is the Spotify user, and the account is the public page of the link', async () => {
  const pageId = '4ArtistIdExample000000'
  const http = recorded({ '/me': 'me', [`/artists/${pageId}`]: 'artist-development' })
  const identity = await spotify.identify({
    http,
    inputs: { artist: `https://open.spotify.com/intl-de/artist/${pageId}` },
    settings: dev,
    time: timeOf(today),
  })
  assert.deepEqual(identity, {
    subject: { id: '5AccountIdExample00000001', name: 'Nova Reef' },
    accounts: [
      {
        id: pageId,
        name: 'Nova Reef',
        url: `https://open.spotify.com/artist/${pageId}`,
        imageUrl: 'https://i.scdn.co/image/ab6761610000e5eb0001',
        kind: 'artist_page',
        ownership: 'public',
      },
    ],
  })
  assert.deepEqual(
    http.calls.map(({ path, as }) => `${path} as ${as ?? 'account'}`),
    ['/me as account', `/artists/${pageId} as app`],
  )
})

test('an artist page that is not there is a wrong answer on the connect page', async () => {
  const identify = (artist: string, http = emulated(dev)) =>
    spotify.identify({ http, inputs: { artist }, settings: dev, time: timeOf(today) })
  const isWrong = (error: unknown) => isFault(error, 'input.invalid') && error.detail.field === 'artist'
  await assert.rejects(identify('0000000000000000000000'), isWrong)
  const http = emulated(dev)
  await assert.rejects(identify('Nova Reef', http), isWrong)
  assert.equal(http.calls.length, 0, 'nothing is asked when the link is no link')
})

test('F49: what development mode leaves out is null with the reason, never 0 and never left out', async () => {
  const { observations } = await read('artist', dev, { http: recorded({ default: 'artist-development' }) })
  assert.deepEqual(observations.map(inShort), [
    'audience.followers null not_offered',
    'standing.popularity_index null not_offered',
  ])
})

test('F57: extended mode gives both numbers, and an older app in development mode may still have them', async () => {
  const expected = ['audience.followers 48213', 'standing.popularity_index 47']
  const one = await read('artist', dev, { http: recorded({ default: 'artist-extended' }) })
  assert.deepEqual(one.observations.map(inShort), expected)
  const ids = ['4ArtistIdExample000000', '4GoneArtistId000000000']
  const many = await read('artists', extended, { http: recorded({ default: 'artists-batch' }), ids })
  assert.deepEqual(
    many.pages.map((page) => (page.observations ?? []).map(inShort)),
    [expected, ['audience.followers null unavailable', 'standing.popularity_index null unavailable']],
  )
  assert.deepEqual(
    many.pages.map((page) => page.gone ?? null),
    [null, 'Spotify has no artist page of that id any more.'],
    'a null in the batch is a page that is gone',
  )
})

test('a number that became something else is kept aside, and the other one goes on', async () => {
  const http = answering(() => ({ status: 200, body: { followers: { total: '48,213' }, popularity: 47 } }))
  const { observations, pages } = await read('artist', dev, { http })
  assert.deepEqual(observations.map(inShort), ['standing.popularity_index 47'])
  assert.deepEqual(pages[0]!.refused, [{ what: 'followers.total', why: 'a string where a number was' }])
})

test('new releases bring barcode, ISRC and a date as exact as is known', async () => {
  const http = recorded({
    '/artists/4ArtistIdExample000000/albums': 'artist-albums',
    '/albums': 'albums-batch',
    '/tracks': 'tracks-batch',
  })
  const { items, pages, observations } = await read('releases', extended, { http, ids: ['4ArtistIdExample000000'] })
  assert.deepEqual(observations.map(inShort), ['catalogue.releases 2'])
  assert.deepEqual(
    items.map(({ kind, title, publishedAt, identifiers }) => [kind, title, publishedAt, identifiers]),
    [
      ['album', 'First Light', '2019-10', undefined],
      ['album', 'Low Tide', '2026-03-06', undefined],
      ['album', 'Low Tide', '2026-03-06', { upc: '400000000014' }],
      ['track', 'Low Tide', '2026-03-06', { isrc: 'QZEX12600001' }],
      ['track', 'Harbour Lights', '2026-03-06', { isrc: 'QZEX12600002' }],
    ],
  )
  assert.deepEqual(
    pages.flatMap(({ refused }) => refused ?? []),
    [{ what: 'albums 6AlbumFirstLight000000', why: 'Spotify has nothing of that id' }],
  )
})

test('an idle day costs one page, and a fiftieth or one call for the numbers', async () => {
  for (const settings of [dev, extended]) {
    const first = await read('releases', settings, {})
    const details = first.items.filter(({ identifiers }) => identifiers)
    assert.ok(details.length > numbers.catalogue(busy, today).length)
    const idle = await read('releases', settings, { cursor: first.cursor })
    assert.equal(idle.http.calls.length, spotify.streams.releases!.idleCalls)
    assert.deepEqual(idle.items, [])
    assert.deepEqual(idle.observations.map(inShort), first.observations.map(inShort))
  }
  const fifty = world.artists.slice(0, 50).map((artist) => numbers.pageId(world, artist))
  const { http } = await read('artists', extended, { ids: fifty })
  assert.equal(http.calls.length / fifty.length, spotify.streams.artists!.idleCalls)
  assert.equal((await read('artist', dev, {})).http.calls.length, spotify.streams.artist!.idleCalls)
})

test('a run that stops at the quota goes on where it was, and reads nothing twice', async () => {
  const whole = await read('releases', dev, {})
  const seen: string[] = []
  let checkpoint: Json = null
  let cursor: Json | undefined
  for (let run = 0; cursor === undefined; run++) {
    assert.ok(run < 100)
    const http = emulated(dev, { refuseAfter: 4 })
    const partial = await read('releases', dev, { http, checkpoint })
    seen.push(...partial.items.filter(({ identifiers }) => identifiers).map(({ id }) => id))
    checkpoint = partial.checkpoint ?? checkpoint
    cursor = partial.cursor ?? undefined
  }
  assert.deepEqual(
    seen,
    whole.items.filter(({ identifiers }) => identifiers).map(({ id }) => id),
  )
  assert.deepEqual(cursor, { ...(whole.cursor as object), looks: (cursor as { looks: number }).looks })
})

test('every number is the one that is true in the world', async () => {
  for (const day of [addDays(today, -200), today])
    for (const settings of [dev, extended]) {
      const http = emulated(settings, { day })
      const names = Object.keys(spotify.streams).filter((name) => holds(spotify.streams[name]!.when, settings))
      const found: string[] = []
      for (const name of names)
        found.push(...(await read(name, settings, { http, day })).observations.map((one) => about(one)))
      const truth = spotify.emulator.truth(busy, world, { from: addDays(day, -7), to: day, now: 0, settings })
      assert.deepEqual(found.sort(), [...truth].map((one) => about(one)).sort())
    }
})

test('the emulator speaks both modes', async () => {
  const check = async (settings: Settings, path: string, query: ApiRequest['query'], expected: string) => {
    const answer = await emulated(settings)({ path, query }).then(
      ({ status }) => String(status),
      (error) => (isFault(error) ? `${error.code} ${error.detail.status} ${error.message}` : String(error)),
    )
    assert.equal(answer, expected, path)
  }
  await check(dev, '/artists', { ids: [busyId] }, 'setup.unsupported 403 Forbidden')
  await check(dev, `/artists/${busyId}/top-tracks`, {}, 'setup.unsupported 403 Forbidden')
  await check(extended, '/artists', { ids: [busyId] }, '200')
  await check(extended, '/artists', { ids: Array(51).fill(busyId) }, 'provider.rejected 400 Too many ids requested')
  await check(extended, `/artists/${busyId}/albums`, { limit: 11 }, 'provider.rejected 400 Invalid limit')
  await check(dev, `/artists/${busyId}/albums`, { limit: 0 }, 'provider.rejected 400 Invalid limit')
  await check(dev, '/artists/nonsense', {}, 'provider.rejected 400 invalid id')
  await check(dev, `/artists/${'0'.repeat(22)}`, {}, 'provider.missing 404 Resource not found')
  await check(dev, '/search', { q: busy.name, type: 'artist', limit: 10 }, '200')
  const lapsed = 'setup.plan 403 Active premium subscription required for the owner of the app.'
  await check(
    { ...dev, premium: 'lapsed' },
    `/artists/${busyId}`,
    {},
    `${lapsed} When the subscription status changes, it can take a few hours before requests are allowed again.`,
  )
  await check(
    { ...dev, users: 'somebody-else' },
    '/me',
    {},
    'setup.plan 403 Check settings on developer.spotify.com/dashboard, the user may not be registered.',
  )
})

test('an answer that did not change is a 304 to whoever asks with its ETag', () => {
  const first = reach(dev, { path: `/artists/${busyId}` })
  const again = reach(dev, { path: `/artists/${busyId}`, headers: { 'if-none-match': first.headers!.etag! } })
  assert.deepEqual([first.status, again.status, again.body], [200, 304, null])
})

test('a wait that no header names is the window, or the day of the quota that is used up', () => {
  const waits = (body: Json) => {
    const { is, wait, quota } = ruleFor(429, body)!
    return [is, wait, quota]
  }
  const body = { error: { status: 429, message: 'Too many requests' } }
  assert.deepEqual(waits(body), ['provider.throttled', { ms: 30_000 }, 'general'])
  assert.deepEqual(waits(fixture('quota-exceeded').body), ['provider.exhausted', { ms: 86_400_000 }, 'artist-albums'])
})

test('a group of endpoints that is used up stops itself and no other', () => {
  const meter = openCosts(spotify.api)
  const check = (path: string, group: string) => {
    const call = `GET api.spotify.com/v1${path}`
    const rule = spotify.api.errors.rules.find(
      (one) =>
        one.reason === 'QUOTA_EXCEEDED' &&
        (one.call === undefined || parseRoutePattern(one.call).begins('GET', call.slice(4))),
    )
    assert.equal(rule?.quota, group, path)
    const counted = group === 'others' ? {} : { [group]: 1 }
    assert.deepEqual(meter('GET', call.slice(4), { mode: 'dev' }), { general: 1, ...counted }, path)
    assert.deepEqual(meter('GET', call.slice(4), { mode: 'extended' }), { general: 1 }, path)
  }
  check('/artists/4ArtistIdExample000000/albums', 'artist-albums')
  check('/artists/4ArtistIdExample000000', 'others')
  check('/search', 'search')
  check('/albums/6AlbumIdExample000000a/tracks', 'albums')
  check('/tracks/1TrackIdExample000000a', 'tracks')
  check('/me', 'others')
})

test('the action finds pages by name', async () => {
  const { call, output, example } = spotify.actions!.findArtists!
  assert.deepEqual(output.parse(fixture('search-artists').body), {
    artists: {
      items: [
        {
          id: '4ArtistIdExample000000',
          name: 'Nova Reef',
          external_urls: { spotify: 'https://open.spotify.com/artist/4ArtistIdExample000000' },
        },
      ],
    },
  })
  const { body } = await emulated(dev)(call({ ...(example as object), name: busy.name }, 'key'))
  const found = output.parse(body) as { artists: { items: { id: string }[] } }
  assert.equal(found.artists.items[0]?.id, busyId)
})

test('an error may be plain text', () => {
  assert.equal(ruleFor(403, 'User not registered in the Developer Dashboard')?.is, 'setup.plan')
})

// The rest compares with what Spotify itself published or answered, where that is at hand.

const root = join(import.meta.dirname, '..', '..')
const specs = join(process.env.PATCHBAY_SPECS_DIR ?? join(root, '..', 'shared', 'specs'), 'spotify')
const skip = existsSync(specs) ? false : `no specifications at ${specs}; set PATCHBAY_SPECS_DIR to compare with them`

test('answers that Spotify really gave are read', { skip }, async () => {
  const answer = (name: string) => answering(() => ({ status: 200, body: readJson(join(specs, 'recorded', name)) }))
  const one = await read('artist', dev, { http: answer('find_artist.json') })
  assert.deepEqual(one.observations.map(inShort), ['audience.followers 2265279', 'standing.popularity_index 97'])

  const top = await read('topTracks', extended, { http: answer('artist_top_tracks.json') })
  assert.equal(top.observations.length, 20)
  assert.equal(top.items.length, 10)
  assert.deepEqual(top.pages[0]!.refused, [])

  const track = readJson(join(specs, 'recorded', 'find_track.json')) as { id: string }
  const place = { known: ['album'], top: ['album'], total: 1, looks: 0, walk: null, albums: [], tracks: [track.id] }
  const http = answering(({ path }) =>
    path.startsWith('/tracks')
      ? { status: 200, body: track }
      : { status: 200, body: { total: 1, next: null, items: [{ id: 'album', name: 'Timber' }] } },
  )
  const { items } = await read('releases', dev, { http, checkpoint: place })
  assert.deepEqual(
    items.map(({ title, durationMs, identifiers }) => [title, durationMs, identifiers]),
    [['Timber', 204053, { isrc: 'USRC11301695' }]],
  )
})

test('emulator and fixtures answer as the official OpenAPI says', { skip }, async (t) => {
  const openApi = parseYaml(readFileSync(join(specs, 'official-spotify-open-api.yml'), 'utf8'))
  const ajv = new Ajv({ strict: false, allErrors: true }).addSchema(openApi, 'openapi')
  // What development mode leaves out although the description requires it (changelog of February 2026).
  const left = ['available_markets', 'album_group', 'label', 'popularity']
  const check = (path: string, body: Json, settings: Settings) => {
    const template = Object.keys(openApi.paths).find((each) =>
      new RegExp(`^${each.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
    )
    const { $ref } = openApi.paths[template!].get.responses['200']
    const validate = ajv.compile({ $ref: `openapi${$ref}/content/application~1json/schema` })
    validate(body)
    const wrong = (validate.errors ?? []).filter(
      ({ keyword, params, instancePath }) =>
        // A null for an unknown id is documented in words only.
        !(keyword === 'type' && /^\/(artists|albums|tracks)\/\d+$/.test(instancePath)) &&
        !(settings.mode === 'dev' && keyword === 'required' && left.includes(params.missingProperty)),
    )
    assert.deepEqual(wrong, [], `${path} in ${settings.mode} mode`)
  }

  for (const settings of [dev, extended]) {
    const http = emulated(settings)
    for (const [name, stream] of Object.entries(spotify.streams))
      if (holds(stream.when, settings)) await read(name, settings, { http })
    await http.get('/me')
    await http.get('/search', { q: busy.name, type: 'artist' })
    for (const { path, query } of http.calls) check(path, reach(settings, { path, query }).body, settings)
    t.diagnostic(`${http.calls.length} answers in ${settings.mode} mode compared with the official OpenAPI`)
  }
  for (const name of readdirSync(join(import.meta.dirname, 'fixtures'))) {
    const { request, status, body } = fixture(name.replace('.json', ''))
    if (status === 200)
      check(
        request.split(/[ ?]/)[1]!,
        body,
        name.includes('development') || name === 'search-artists.json' ? dev : extended,
      )
  }
})

// Helpers.

function readJson(path: string): Json {
  return JSON.parse(readFileSync(path, 'utf8'))
}

function fixture(name: string) {
  return readJson(join(import.meta.dirname, 'fixtures', `${name}.json`)) as unknown as EmulatorReply & {
    request: string
  }
}

const inShort = ({ metric, value, reason }: Observation) => `${metric} ${value}${reason ? ` ${reason}` : ''}`

const about = ({
  metric,
  day,
  value,
  item,
  dimensions,
}: Pick<Observation, 'metric' | 'day' | 'value' | 'item' | 'dimensions'>) =>
  [metric, day, value, item ?? '', JSON.stringify(dimensions ?? {})].join(' ')

const holds = (when: Settings | undefined, settings: Settings) =>
  Object.entries(when ?? {}).every(([name, value]) => settings[name] === value)

const timeOf = (day: Day) => runTime(Date.parse(`${day}T12:00:00Z`))

/** Runs a stream once for some accounts, and collects what it gave until it ended or stopped at a quota. */
async function read(
  name: string,
  settings: Settings,
  options: { http?: FakeHttp; ids?: string[]; cursor?: Json; checkpoint?: Json; day?: Day },
) {
  const { http = emulated(settings), day = today } = options
  const subjects = (options.ids ?? [busyId]).map(
    (id): Subject => ({
      account: { id, name: id, kind: 'artist_page' },
      cursor: options.cursor ?? null,
      checkpoint: options.checkpoint ?? null,
    }),
  )
  const pages: Page[] = []
  try {
    for await (const page of spotify.streams[name]!.read({ http, subjects, settings, time: timeOf(day) }))
      pages.push(...(Array.isArray(page) ? page : [page as Page]))
  } catch (error) {
    if (!isFault(error, 'provider.exhausted')) throw error
  }
  return {
    http,
    pages,
    observations: pages.flatMap((page) => page.observations ?? []),
    items: pages.flatMap((page) => page.items ?? []),
    cursor: pages.at(-1)?.cursor,
    checkpoint: pages.at(-1)?.checkpoint,
  }
}

type FakeHttp = Http & { calls: ApiRequest[] }

function answering(answer: (request: ApiRequest) => EmulatorReply): FakeHttp {
  const calls: ApiRequest[] = []
  const send = async (request: ApiRequest) => {
    calls.push(request)
    const { status, headers = {}, body } = answer(request)
    if (status >= 200 && status < 300) return { status, headers, body, at: 0 }
    const rule = ruleFor(status, body)
    assert.ok(rule, `no rule for ${status} ${JSON.stringify(body)}`)
    throw new Fault(rule.is, spotify.api.errors.read(body, status)?.message, { status, path: request.path })
  }
  const get: Http['get'] = async (path, query, more) => (await send({ ...more, path, query })).body
  return Object.assign(send, { get, calls })
}

function recorded(byPath: Readonly<Record<string, string>>): FakeHttp {
  return answering(({ path }) => fixture(byPath[path] ?? byPath.default ?? assert.fail(`no fixture for ${path}`)))
}

/** Straight to the emulator, without the sandbox's tokens and quotas. */
function emulated(settings: Settings, options: { day?: Day; refuseAfter?: number } = {}): FakeHttp {
  const http: FakeHttp = answering((request) =>
    http.calls.length > (options.refuseAfter ?? Number.POSITIVE_INFINITY)
      ? spotify.emulator.refuse.quota('artist-albums', 1000)
      : reach(settings, request, options.day),
  )
  return http
}

function reach(settings: Settings, request: ApiRequest, day: Day = today): EmulatorReply {
  const url = new URL(spotify.api.baseUrl + request.path)
  for (const [name, value] of Object.entries(request.query ?? {}))
    if (value !== undefined) url.searchParams.set(name, Array.isArray(value) ? value.join(',') : String(value))
  const { pattern, route } = routes.find(({ pattern }) => pattern.match('GET', url.host + url.pathname))!
  const said = (typeof route === 'function' ? route : route.handle)({
    method: 'GET',
    url,
    params: pattern.match('GET', url.host + url.pathname)!,
    query: url.searchParams,
    headers: request.headers ?? {},
    body: null,
    form: new URLSearchParams(),
    world,
    artist: busy,
    scopes: [],
    app: { clientId: 'test', settings },
    now: Date.parse(`${day}T12:00:00Z`),
    today: () => day,
    memory: new Map(),
    id: () => 'id',
    subscriptions: { begin: () => {}, end: () => {}, of: () => [] },
  })
  return said as EmulatorReply
}

const routes = Object.entries(spotify.emulator.routes)
  .map(([text, route]) => ({ pattern: parseRoutePattern(text), route }))
  .sort((a, b) => mostExactFirst(a.pattern, b.pattern))

function ruleFor(status: number, body: Json) {
  const { reason = '', message = '' } = spotify.api.errors.read(body, status) ?? {}
  const fits = (wanted: string | RegExp | undefined, text: string) =>
    wanted === undefined || (typeof wanted === 'string' ? wanted === text : wanted.test(text))
  return spotify.api.errors.rules.find(
    (rule) =>
      (rule.status === undefined || [rule.status].flat().includes(status)) &&
      fits(rule.reason, reason) &&
      fits(rule.message, message),
  )
}

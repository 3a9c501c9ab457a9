import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ApiRequest, at, Fault, type Http, isFault, type Json, parseJson, runTime } from '@patchbay/kit'
import { openSandbox } from '../../sandbox/sandbox.ts'
import { readBody } from '../../src/ports/network.ts'
import { artistIn } from './artist.ts'
import lastfm from './index.ts'

const now = Date.parse('2026-11-22T17:30:00Z')
const time = runTime(now)
const sandbox = openSandbox({ providers: [lastfm], clock: { now: () => now, sleep: async () => {} }, artists: 40 })
const artist = sandbox.world.artists[0]!
const { account, credentials } = sandbox.personas.persona(lastfm, artist)
const { errors } = lastfm.api

test('a name is found in whatever people paste', () => {
  const check = (text: string, name: string) => assert.equal(artistIn(text), name)
  check(' Nova Reef ', 'Nova Reef')
  check('AC/DC', 'AC/DC')
  check('https://www.last.fm/music/Nova+Reef', 'Nova Reef')
  check('last.fm/de/music/Nova%20Reef/+wiki?x=1', 'Nova Reef')
  check('https://www.last.fm/music/+noredirect/AC%2FDC', 'AC/DC')
  check('https://www.last.fm/music/Florence+%252B+the+Machine', 'Florence + the Machine')
  check('https://www.last.fm/music/Simon+&+Garfunkel/Bookends', 'Simon & Garfunkel')
  check('https://www.last.fm/music/100%25+Silk', '100% Silk')
  check('https://www.last.fm/music/%E5%AE%87%E5%A4%9A%E7%94%B0%E3%83%92%E3%82%AB%E3%83%AB', '宇多田ヒカル')
})

test('a key and a page make an account, and its numbers are the true ones', async () => {
  for (const said of [account.inputs!.artist!, artist.key]) {
    const identity = await identify(said, emulated())
    assert.deepEqual(identity.subject, { id: artist.name, name: artist.name })
    assert.deepEqual(identity.accounts, [
      { id: artist.name, name: artist.name, url: account.inputs!.artist, kind: 'artist_page', ownership: 'public' },
    ])
  }
  const truth = sandbox.truth('lastfm', artist.key, { from: '2026-11-22', to: '2026-11-22' })
  assert.deepEqual(
    (await read(emulated())).map(({ metric, day, value }) => ({ metric, day, value })),
    truth,
  )
  assert.ok(truth[0]!.value! > 0 && truth[1]!.value! > truth[0]!.value!)
})

test('F55: numbers in strings are read, and nothing else is', async () => {
  const body = fixture('artist-get-info')
  const values = (await read(answering(body), 'Nova Reef')).map(({ native, value }) => [native, value])
  assert.deepEqual(values, [
    ['stats.listeners', 52706],
    ['stats.playcount', 544973],
  ])
  for (const listeners of ['52,706', '', '-1', 52706, null]) {
    const bent = { artist: { name: 'Nova Reef', url: '', stats: { listeners, playcount: '1' } } }
    await assert.rejects(read(answering(bent), 'Nova Reef'), (error) => isFault(error, 'provider.changed'))
  }
})

test('the MusicBrainz id is told where the page has one', async () => {
  const factsOf = async (body: Json) => (await readPages(answering(body), 'Nova Reef')).map(({ facts }) => facts)
  assert.deepEqual(await factsOf(fixture('artist-get-info')), [
    { identifiers: { mbid: 'f27ec8db-af05-4f36-916e-3d57f91ecf5e' } },
  ])
  for (const mbid of ['', undefined]) {
    const { artist } = fixture('artist-get-info') as { artist: { [key: string]: Json } }
    assert.deepEqual(await factsOf(JSON.parse(JSON.stringify({ artist: { ...artist, mbid } }))), [{}])
  }
})

test('numbers of a page under another name are not taken, but for capitals', async () => {
  const http = answering(fixture('artist-get-info'))
  assert.equal((await read(http, 'NOVA REEF')).length, 2)
  await assert.rejects(read(http, 'Nova Reaf'), (error) => isFault(error, 'connection.mismatch'))
})

test('a plus sign goes out encoded once more', async () => {
  const http = answering({ artist: { name: '+44', url: '', stats: { listeners: '1', playcount: '1' } } })
  await read(http, '+44')
  await identify('https://www.last.fm/music/%252B44', http)
  assert.deepEqual(
    http.calls.map(({ query }) => query?.artist),
    ['%2B44', '%2B44'],
  )
})

test('F31: errors are read before the status, which is 200 or another', async () => {
  const { world } = sandbox
  const isWrong = (error: unknown) => isFault(error, 'input.invalid') && error.detail.field === 'artist'
  const statuses = new Set<number>()
  for (let nth = 0; nth < 20; nth++) {
    const name = world.text(`nobody/${nth}`, 12)
    statuses.add((await send({ path: '/', query: { method: 'artist.getInfo', artist: name, format: 'json' } })).status)
    await assert.rejects(identify(name, emulated()), isWrong)
  }
  assert.deepEqual([...statuses].sort(), [200, 404])
  await assert.rejects(identify('', emulated()), isWrong)
  await assert.rejects(identify('Nova Reef', answering(fixture('artist-missing'))), isWrong)
  await assert.rejects(identify(artist.name, emulated('0'.repeat(32))), (error) => isFault(error, 'connection.expired'))
  assert.ok(!errors.failed!(fixture('artist-get-info')))
})

test('each line of the error table is reached by its example', () => {
  for (const rule of errors.rules) assert.equal(ruleFor(rule.example.status, rule.example.body), rule)
})

test('the action finds pages, also when there is one', async () => {
  const { call, output } = lastfm.actions!.findArtists!
  const find = async (http: Http, name: string) => {
    const { results } = output.parse((await http(call({ name }, 'key'))).body) as FoundArtists
    return results.artistmatches.artist.map((found) => `${found.name} ${found.listeners}`)
  }
  assert.deepEqual(await find(answering(fixture('artist-search')), 'nova reef'), ['Nova Reef 52706', 'Nova + Reef 41'])
  const [listeners] = await read(emulated())
  assert.deepEqual(await find(emulated(), artist.name), [`${artist.name} ${listeners!.value}`])
  assert.deepEqual(await find(emulated(), 'Nova Reef'), [])
  assert.equal((await find(emulated(), 'e')).length, 10)
})

const specs = join(process.env.PATCHBAY_SPECS_DIR ?? join(import.meta.dirname, '../../..', 'shared', 'specs'), 'lastfm')
const skip = existsSync(specs) ? false : `no recorded answers at ${specs}; set PATCHBAY_SPECS_DIR to read them`

test('answers that Last.fm really gave are read', { skip }, () => {
  const recorded = (file: string) => JSON.parse(readFileSync(join(specs, 'recorded', file), 'utf8'))
  const live = recorded('live-2026-07-07.json')
  const { results } = lastfm.actions!.findArtists!.output.parse(live['artist.search']) as FoundArtists
  assert.deepEqual(results.artistmatches.artist, [
    { name: 'Cher', url: 'https://www.last.fm/music/Cher', listeners: 2243379 },
  ])
  assert.equal(ruleFor(200, live['removed method (tag.search)'])?.is, 'provider.changed')
  const { UnknownUser, NotEnoughTrackInfo } = recorded('client-test-data.json')
  assert.equal(ruleFor(200, UnknownUser)?.is, 'provider.rejected')
  assert.equal(ruleFor(200, NotEnoughTrackInfo)?.is, 'provider.rejected')
})

// Helpers.

type FoundArtists = { results: { artistmatches: { artist: { name: string; listeners: number }[] } } }
type FakeHttp = Http & { calls: ApiRequest[] }

const identify = (said: string, http: Http) => lastfm.identify({ http, inputs: { artist: said }, settings: {}, time })

const read = async (http: Http, id?: string) =>
  (await readPages(http, id)).flatMap(({ observations }) => observations ?? [])

async function readPages(http: Http, id = artist.name) {
  const subjects = [{ account: { id, name: id, kind: 'artist_page' as const }, cursor: null, checkpoint: null }]
  const pages = []
  for await (const page of lastfm.streams.artist!.read({ http, subjects, settings: {}, time })) pages.push(page)
  return pages.flat()
}

function fixture(name: string): Json {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures', `${name}.json`), 'utf8')).body
}

/** Through the sandbox, with its keys and quotas. */
async function send({ path, query }: ApiRequest, key = credentials.key!) {
  const url = new URL(lastfm.api.baseUrl + path)
  for (const [name, value] of Object.entries({ ...query, api_key: key })) url.searchParams.set(name, String(value))
  // The clock stands still: each call has room.
  for (const { id } of lastfm.api.quotas) sandbox.quotas.change('lastfm', id, 1_000_000)
  const answer = await sandbox.send({ method: 'GET', url: url.href, headers: {} })
  return { status: answer.status, body: parseJson(Buffer.from(await readBody(answer)).toString()) }
}

function fake(answer: (request: ApiRequest) => Promise<{ status: number; body: Json }>): FakeHttp {
  const calls: ApiRequest[] = []
  const call = async (request: ApiRequest) => {
    calls.push(request)
    const { status, body } = await answer(request)
    if (status < 300 && !errors.failed!(body)) return { status, body, headers: {}, at: 0 }
    throw new Fault(ruleFor(status, body)!.is, String(at(body, 'message')), { status })
  }
  return Object.assign(call, { calls, get: async (path: string) => (await call({ path })).body })
}

const answering = (body: Json) => fake(async () => ({ status: 200, body }))
const emulated = (key?: string) => fake((request) => send(request, key))

function ruleFor(status: number, body: Json) {
  const { reason = '', message = '' } = errors.read(body, status) ?? {}
  return errors.rules.find(
    (rule) =>
      (rule.status === undefined || [rule.status].flat().includes(status)) &&
      (rule.reason === undefined || rule.reason === reason) &&
      (rule.message === undefined || rule.message.test(message)),
  )
}

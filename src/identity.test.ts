import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { walkConsent } from './cli/walk-consent.ts'
import { observed, pageOf } from './ports/records.contract.ts'
import { consentProvider, keyProvider, providers, startTestServer, type TestServer, until } from './test-server.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.stop())

const a = 'QZEX12600001'
const b = 'QZEX12600002'

test('what a platform calls by as long an id as is stored can be asked for, and read past', async () => {
  const { id } = await server.connect(consentProvider, { profile: 'longspur' })
  const longest = ['a', 'b'].map((letter) => letter.repeat(300))
  const items = longest.map((item) => ({ kind: 'track', id: item, title: item[0]!, identifiers: {} }) as const)
  const observations = longest.map((item) => observed(7, { metric: 'engagement.likes', item }))
  await server.engine.deps.records.save(
    server.environments.test.id,
    [pageOf({ connectionId: id, items, observations })],
    {
      at: server.engine.deps.clock.now(),
      actor: 'system',
    },
  )
  const api = server.client()
  const found: string[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await api.items.list({ profile: 'longspur', kind: 'track', limit: 1, ...(cursor && { cursor }) })
    found.push(...page.data.map((item) => item.id))
    cursor = page.nextCursor
  }
  for (const item of longest) {
    assert.ok(found.includes(item), item)
    const { data } = await api.metrics.query({ profile: 'longspur', item })
    assert.deepEqual(
      data.map(({ value }) => value),
      [7],
    )
  }
})

test('recordings and releases of a profile have the items of every platform behind them, page by page', async () => {
  const first = await server.connect(consentProvider, { profile: 'lark' })
  const second = await server.connect(keyProvider, { profile: 'lark' })
  const track = (id: string, isrc: string, durationMs: number, publishedAt: string) =>
    ({ kind: 'track', id, title: `Song ${id}`, durationMs, publishedAt, identifiers: { isrc } }) as const
  const album = (id: string, upc: string) =>
    ({ kind: 'album', id, title: `Album ${id}`, publishedAt: '2025-02', identifiers: { upc } }) as const
  const likes = (item: string, value: number) => observed(value, { metric: 'engagement.likes', item })
  await server.engine.deps.records.save(
    server.environments.test.id,
    [
      pageOf({
        connectionId: first.id,
        items: [track('x', a, 200_000, '2025-01-03'), track('y', b, 100_000, '2024'), album('p', '036000291452')],
        observations: [observed(7, { metric: 'consumption.views', item: 'x' })],
      }),
      pageOf({
        connectionId: second.id,
        items: [track('z', 'qz-ex1-26-00001', 202_000, '2025'), album('q', '0036000291452')],
        observations: [likes('z', 3)],
      }),
    ],
    { at: server.engine.deps.clock.now(), actor: 'system' },
  )
  const api = server.client()
  const page = await api.profiles.recordings({ id: 'lark', limit: 1 })
  const [recording] = page.data
  assert.partialDeepStrictEqual(recording, {
    title: 'Song x',
    publishedAt: { value: '2025-01-03', precision: 'day' },
    isrcs: [{ code: a, others: 0, firstSeen: { connection: first.id, item: 'x' } }],
    joined: [{ rule: 'isrc_and_duration', code: a, items: [`${first.id}:x`, `${second.id}:z`] }],
  })
  assert.deepEqual(
    recording!.items.map(({ provider, id }) => [provider, id]),
    [
      [consentProvider.id, 'x'],
      [keyProvider.id, 'z'],
    ],
  )
  const rest = await api.profiles.recordings({ id: 'lark', limit: 1, cursor: page.nextCursor! })
  assert.deepEqual([rest.data.map(({ title }) => title), rest.nextCursor], [['Song y'], null])
  const alone = await api.profiles.recordings({ id: 'lark', connection: second.id })
  assert.deepEqual(
    alone.data.map(({ title }) => title),
    ['Song z'],
  )

  const releases = await api.profiles.releases({ id: 'lark' })
  assert.deepEqual(
    releases.data.map(({ title, gtins, items, barcodes }) => [title, gtins[0]!.code, items.length, barcodes[1]!.raw]),
    [['Album p', '00036000291452', 2, '0036000291452']],
  )
})

test('what a platform says of its catalogue survives into recordings and releases: the codes of the world that it plays', async () => {
  const platform = providers.find(({ streams }) =>
    Object.values(streams).some(({ items }) => items?.includes('album')),
  )!
  const { id } = await server.connect(platform, { profile: 'whole', artist: 3 })
  const api = server.client()
  // Some streams begin half a minute after connecting.
  await api.connections.sync({ id })
  const { releases } = server.sandbox.world.artists[3]!
  const isrcs = new Set(releases.flatMap(({ tracks }) => tracks.map(({ isrc }) => isrc)))
  const gtins = new Set(releases.map(({ upc }) => `00${upc}`))
  let [recordings, albums]: [Awaited<ReturnType<typeof api.profiles.recordings>>['data'], string[]] = [[], []]
  await until(async () => {
    recordings = (await api.profiles.recordings({ id: 'whole', limit: 200 })).data
    const { data } = await api.profiles.releases({ id: 'whole', limit: 200 })
    albums = data.flatMap((release) => release.gtins.map(({ code }) => code))
    return recordings.length > 0 && albums.length > 0 && data.every((release) => release.gtins.length === 1)
  }, 60_000)
  for (const { isrcs: found, joined } of recordings) {
    assert.deepEqual([found.length, joined], [1, []])
    assert.ok(isrcs.has(found[0]!.code), found[0]!.code)
  }
  assert.equal(new Set(recordings.map((one) => one.isrcs[0]!.code)).size, recordings.length)
  for (const gtin of albums) assert.ok(gtins.has(gtin), gtin)
})

test('what a catalogue is told of by an environment leads to the accounts that are connected, and to their recordings', async () => {
  const api = server.client()
  const { data } = await api.connections.list({ profile: 'lark' })
  const first = data.find(({ provider }) => provider === consentProvider.id)!
  const catalogue = JSON.parse(
    readFileSync(join(import.meta.dirname, '../packages/definitions/examples/musicbrainz.json'), 'utf8'),
  )
  const [artist, recordings] = [catalogue.streams.artist, catalogue.streams.recordings]
  artist.examples[0].body.relations[0].url.resource = `${first.account.url}/?from=catalogue`
  recordings.examples[0].body.recordings[0].length = 200_900
  assert.equal((await server.ask('POST', '/v1/providers', { body: catalogue })).status, 201)
  await server.ask('PUT', `/v1/integrations/${catalogue.id}`, { body: { provider: catalogue.id } })
  const provider = server.sandbox.providers.find(({ id }) => id.startsWith(`${catalogue.id}@`))!
  const persona = server.sandbox.world.artists[0]!
  const { credentials } = server.sandbox.personas.persona(provider, persona)
  const session = await api.connectSessions.create({ profile: { id: 'lark' }, integrations: [catalogue.id] })
  const inputs = { artist: catalogue.identity.example.id, ...credentials }
  await walkConsent(session.url, { persona: persona.key, inputs })
  const connected = await api.connectSessions.read({ id: session.id })
  assert.equal(connected.state, 'done', connected.says ?? '')
  const [id] = connected.connections
  await api.connections.sync({ id: id! })
  await until(async () => {
    const { data: streams } = await api.connections.streams({ id: id! })
    return streams.every(({ freshness }) => freshness.syncedAt !== null)
  })

  await api.identity.check({ id: 'lark' })
  const { data: links } = await api.identity.list({ id: 'lark' })
  const { evidence } = links.find(({ connection }) => connection === first.id)!
  assert.deepEqual(
    evidence.filter(({ via }) => via === id).map(({ rule }) => rule),
    ['url_relation', 'shared_recordings'],
  )
  const { data: found } = await api.profiles.recordings({ id: 'lark' })
  const recording = found.find(({ isrcs }) => isrcs.some(({ code }) => code === a))!
  assert.equal(recording.items.length, 3)
  assert.deepEqual(
    recording.isrcs.map(({ code, others }) => [code, others]),
    [
      [a, 0],
      [b, 1],
    ],
  )
  assert.equal(recording.mbids[0]!.firstSeen.connection, id)
  const release = (await api.profiles.releases({ id: 'lark' })).data[0]!
  assert.deepEqual([release.items.length, release.gtins[0]!.code], [3, '00036000291452'])
})

test('who asks for what is not there is told what', async () => {
  const problem = async (path: string) => {
    const { status, json } = await server.ask('GET', path)
    return [status, json.field ?? json.errors?.[0]?.field ?? null, json.detail]
  }
  assert.deepEqual((await problem('/v1/profiles/nobody/recordings'))[0], 404)
  assert.deepEqual((await problem('/v1/profiles/lark/releases?connection=con_none'))[0], 404)
  const [status, , detail] = await problem('/v1/profiles/lark/recordings?cursor=con_1:gone')
  assert.equal(status, 422)
  assert.match(detail, /begin with the first page/)
})

test('links of identity come with evidence, and a person’s word changes what a profile has', async () => {
  const api = server.client()
  const { data } = await api.connections.list({ profile: 'lark' })
  const twin = await server.connect(keyProvider, { profile: 'twin', artist: 0 })
  await api.identity.check({ id: 'lark' })
  const { data: links } = await api.identity.list({ id: 'lark' })
  const own = links.find(({ connection }) => connection === data[0]!.id)!
  assert.partialDeepStrictEqual(own, { state: 'found', account: { profile: 'lark', provider: data[0]!.provider } })
  assert.deepEqual(own.evidence[0]!.rule, 'connected')
  const { data: suggested } = await api.identity.list({ id: 'lark', state: 'suggested' })
  assert.deepEqual(
    suggested.map(({ connection, evidence }) => [connection, evidence[0]!.rule]),
    [[twin.id, 'name_overlap']],
  )

  const behind = async () =>
    (await api.profiles.recordings({ id: 'lark' })).data.flatMap(({ items }) => items.map((item) => item.connection))
  await server.engine.deps.records.save(
    server.environments.test.id,
    [pageOf({ connectionId: twin.id, items: [{ kind: 'track', id: 'w', title: 'Twin' }] })],
    { at: server.engine.deps.clock.now(), actor: 'system' },
  )
  assert.ok(!(await behind()).includes(twin.id))
  const { link } = await api.identity.decide({ id: 'lark', account: twin.id, decision: 'accepted' })
  assert.deepEqual([link!.state, link!.decidedBy?.startsWith('key:')], ['accepted', true])
  assert.ok((await behind()).includes(twin.id))
  await api.identity.decide({ id: 'lark', account: twin.id, decision: 'refused' })
  await api.identity.check({ id: 'lark' })
  const refused = (await api.identity.list({ id: 'lark', state: 'refused' })).data
  assert.deepEqual(
    refused.map(({ connection }) => connection),
    [twin.id],
  )
  assert.ok(!(await behind()).includes(twin.id))

  const address = 'https://www.tube.example/@lark/?si=1'
  const named = await api.identity.decide({ id: 'lark', account: address, decision: 'accepted' })
  assert.deepEqual([named.link!.state, named.link!.address], ['manual', 'https://tube.example/@lark'])
  await assert.rejects(
    api.identity.decide({ id: 'lark', account: 'ftp://lark.example', decision: 'accepted' }),
    /account: It takes the id of a connection, or an address that begins with https/,
  )
  const back = await api.identity.decide({ id: 'lark', account: address, decision: 'undecided' })
  assert.equal(back.link, null)
  for (const body of [
    { decision: 'accepted' },
    { account: twin.id, connection: twin.id, decision: 'accepted' },
    { account: 'javascript:alert(1)', decision: 'accepted' },
    { account: 'ftp://tube.example/@lark', decision: 'accepted' },
    { account: 'https://open.example@evil.example/', decision: 'accepted' },
    { account: twin.id, decision: 'maybe' },
  ])
    assert.equal((await server.ask('PUT', '/v1/profiles/lark/identity', { body })).status, 422, JSON.stringify(body))
  const theirs = { body: { account: twin.id, decision: 'accepted' }, key: server.keys.other }
  assert.equal((await server.ask('PUT', '/v1/profiles/lark/identity', theirs)).status, 404)
})

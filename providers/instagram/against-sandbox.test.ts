import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import {
  type ApiResponse,
  type Artist,
  addDays,
  at,
  dayOf,
  Fault,
  hour,
  type Json,
  type OAuth2,
  type Observation,
  type Page,
  parseJson,
  quotaSignals,
  runTime,
  type TokenRequest,
} from '@patchbay/kit'
import { openSandbox } from '../../sandbox/sandbox.ts'
import { readBody, type WireRequest } from '../../src/ports/network.ts'
import instagram from './index.ts'
import { classify, pretendHttp } from './pretend-http.ts'

let now = Date.parse('2026-11-22T17:30:00Z')
const clock = { now: () => now, sleep: async () => {} }
const sandbox = openSandbox({ providers: [instagram], clock, seed: 'harbor', artists: 40 })
const auth = instagram.auth as OAuth2
const app = sandbox.apps.first('instagram')
const redirectUri = 'http://127.0.0.1:4400/oauth/callback/1'

async function send(request: Omit<WireRequest, 'headers'> & { headers?: Record<string, string> }) {
  const answer = await sandbox.send({ headers: {}, ...request })
  const text = Buffer.from(await readBody(answer)).toString()
  return { ...answer, body: text.startsWith('{') ? parseJson(text) : null }
}

const form = (values: Record<string, string>) => ({
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(values).toString(),
})

/** What the engine does for a connection: consent, code, short token, long token. */
async function connect(artist: Artist, scopes: readonly string[] = auth.scopes.always) {
  const page = new URL(`${auth.authorizeUrl}/decide`)
  const asked = { client_id: app.clientId, redirect_uri: redirectUri, response_type: 'code', state: 's' }
  page.search = new URLSearchParams({ ...asked, scope: scopes.join(auth.scopes.separator) }).toString()
  const said = { persona: artist.key, decision: 'allow' }
  const { headers } = await send({ method: 'POST', url: page.href, ...form(said) })
  assert.match(headers.location!, /#_$/)
  const code = /[?&]code=([^&]+)/.exec(headers.location!)![1]!
  const proof = { client_id: app.clientId, client_secret: app.clientSecret!, redirect_uri: redirectUri }
  const exchange = { grant_type: 'authorization_code', code: auth.code!(decodeURIComponent(code)), ...proof }
  const short = await send({ method: 'POST', url: auth.tokenUrl, ...form(exchange) })
  const answer = auth.answer!(short.body)!
  const long = auth.answer!((await exchangeToken(auth.lengthen!, answer.accessToken)).body)!
  assert.equal(long.expiresInSeconds, 60 * 86_400)
  return { ...long, scopes: answer.scopes, raw: short.body }
}

async function exchangeToken({ method, url, params }: TokenRequest, token: string) {
  const filled = Object.entries(params).map(([name, value]): [string, string] => [
    name,
    value.replace('{accessToken}', token).replace('{clientSecret}', app.clientSecret!),
  ])
  return await send({ method, url: `${url}?${new URLSearchParams(filled)}` })
}

function httpWith(accessToken: string, seen?: (body: Json) => void) {
  return pretendHttp(async ({ method = 'GET', path, query = {} }) => {
    const url = new URL(instagram.api.baseUrl + path)
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, [value].flat().join(','))
    const answer = await send({ method, url: url.href, headers: { authorization: `Bearer ${accessToken}` } })
    seen?.(answer.body)
    return answer
  })
}

async function open(artist: Artist, scopes?: readonly string[]) {
  const { accessToken } = await connect(artist, scopes)
  const bodies: Json[] = []
  const http = httpWith(accessToken, (body) => bodies.push(body))
  const { accounts } = await instagram.identify({ http, inputs: {}, settings: {}, time: runTime(now) })
  const account = accounts[0]!
  const run = async (stream: string, from: { cursor?: Json; checkpoint?: Json; stop?: number } = {}) => {
    const before = http.requests.length
    const pages: Page[] = []
    const subject = { account, cursor: from.cursor ?? null, checkpoint: from.checkpoint ?? null }
    for await (const page of instagram.streams[stream]!.read({
      http,
      time: runTime(now),
      settings: {},
      subjects: [subject],
    })) {
      pages.push(...[page].flat())
      if (pages.length === from.stop) break
    }
    const observations = pages.flatMap((page) => page.observations ?? [])
    return { pages, observations, calls: http.requests.length - before, cursor: pages.at(-1)!.cursor ?? null }
  }
  return { account, http, run, bodies }
}

const keyOf = ({ metric, item = '', day }: Pick<Observation, 'metric' | 'item' | 'day'>) => `${metric} ${item} ${day}`
const byFame = [...sandbox.world.artists].sort((one, other) => one.fame - other.fame)
const truthOf = (artist: Artist) => {
  const to = dayOf(now)
  return sandbox.truth('instagram', artist.key, { from: addDays(to, -40), to })
}

test('every number that is read is the true one, and every true one is read', async () => {
  for (const artist of [byFame[0]!, byFame[1]!, ...byFame.filter((_, index) => index % 6 === 5)]) {
    const { account, run } = await open(artist)
    assert.equal(account.id, instagram.emulator.account(artist, sandbox.world).id)
    const read = new Map<string, number | null>()
    for (const stream of ['profile', 'media', 'stories', 'daily'])
      for (const one of (await run(stream)).observations) {
        assert.equal(one.value === null, one.reason !== undefined)
        if (one.reason !== 'not_ready') read.set(keyOf(one), one.value)
      }
    const truth = truthOf(artist)
    assert.ok(truth.length > 1500, `${truth.length} truths`)
    assert.deepEqual(read, new Map(truth.map((one) => [keyOf(one), one.value])), artist.key)
  }
})

test('a run right after another reads no more than what may still change', async () => {
  const { run } = await open(byFame.at(-1)!)
  for (const [name, { idleCalls }] of Object.entries(instagram.streams)) {
    const first = await run(name)
    // The series alone; after a night there is a day that is new, and one that is complete.
    const calls = name === 'daily' ? 1 : idleCalls
    assert.equal((await run(name, { cursor: first.cursor })).calls, calls, name)
  }
})

test('all posts are read on the first run and once a week, the newest on other days', async () => {
  const { run } = await open(byFame.at(-1)!)
  const start = now
  const first = await run('media')
  assert.ok(first.calls > 2)
  now = start + 6 * 24 * hour
  const sixth = await run('media', { cursor: first.cursor })
  assert.deepEqual([sixth.calls, sixth.cursor], [2, first.cursor])
  now = start + 7 * 24 * hour
  const seventh = await run('media', { cursor: sixth.cursor })
  assert.ok(seventh.calls > 2)
  assert.equal(at(seventh.cursor, 'walkedOn'), '2026-11-29')
  now = start
})

test('F29: a refused medium costs its own numbers only, and the walk can be broken off anywhere', async () => {
  const withRefusal = byFame.filter((artist) =>
    truthOf(artist).some(
      ({ item, metric, value }) => item?.startsWith('17') && metric === 'consumption.views' && value === null,
    ),
  )
  assert.ok(withRefusal.length > 5)
  for (const artist of withRefusal.slice(0, 3)) {
    const { run } = await open(artist)
    const whole = await run('media')
    const nulls = whole.observations.filter(({ metric, value }) => metric === 'consumption.views' && value === null)
    assert.ok(nulls.length === 1 || nulls.length === 3)
    const told = whole.pages.flatMap((page) => page.refused ?? []).map(({ what }) => Number(what.split(' ')[2]))
    assert.equal(
      told.reduce((sum, count) => sum + count, 0),
      nulls.length,
    )
    for (let stop = 1; stop < whole.pages.length; stop += 3) {
      const before = await run('media', { stop })
      const after = await run('media', { checkpoint: before.pages.at(-1)!.checkpoint })
      assert.deepEqual([...before.observations, ...after.observations], whole.observations)
    }
    // A week later it is known where to expect it, also when the daily run came in between.
    const start = now
    now = start + 6 * 24 * hour
    const sixth = await run('media', { cursor: whole.cursor! })
    now = start + 7 * 24 * hour
    const week = await run('media', { cursor: sixth.cursor! })
    const pages = Math.ceil(week.pages.flatMap(({ items = [] }) => items).length / 50)
    assert.ok(week.calls <= pages + 5 && week.calls < whole.calls, `${whole.calls} calls, and then ${week.calls}`)
    now = start
  }
})

test('a small account has gauges and days, and no demographics', async () => {
  const [small, , , large] = byFame
  const few = await (await open(small!)).run('demographics')
  assert.deepEqual([few.pages[0]!.audiences, few.pages[0]!.refused!.length, few.calls], [[], 1, 1])
  const many = await (await open(large!)).run('demographics')
  assert.deepEqual(
    many.pages[0]!.audiences!.map(({ dimensions, rows }) => [dimensions, rows.length > 5]),
    [
      [['age', 'gender'], true],
      [['country'], true],
    ],
  )
})

test('without the permission for insights only the profile is read', async () => {
  const { run } = await open(byFame.at(-1)!, ['instagram_business_basic'])
  assert.equal((await run('profile')).observations.length, 3)
  for (const stream of ['media', 'daily', 'stories', 'demographics'])
    await assert.rejects(run(stream), { code: 'connection.scopes' }, stream)
})

test('tokens: both forms of answer, a day to wait, then sixty more, until it is taken back', async () => {
  const forms = new Set<string>()
  for (const artist of byFame.slice(0, 12)) {
    const { raw, scopes } = await connect(artist)
    assert.deepEqual(scopes, auth.scopes.always)
    const grant = at(raw, 'data', 0) ?? raw
    assert.equal(at(grant, 'user_id'), instagram.emulator.account(artist, sandbox.world).id)
    forms.add(at(raw, 'data') === undefined ? 'top level' : 'list')
  }
  assert.equal(forms.size, 2)

  const { refresh } = auth
  assert.ok(refresh.model === 'extends')
  const artist = byFame.at(-1)!
  const start = now
  const { accessToken } = await connect(artist)
  assert.equal((await exchangeToken(refresh.request, accessToken)).status, 400)
  now = start + refresh.refreshAfterMs
  const extended = auth.answer!((await exchangeToken(refresh.request, accessToken)).body)!
  assert.equal(extended.expiresInSeconds, 60 * 86_400)
  now = start + refresh.refreshAfterMs + 59 * 24 * hour
  assert.ok(await httpWith(extended.accessToken).get('/me'))
  await assert.rejects(httpWith(accessToken).get('/me'), { code: 'connection.expired' })
  sandbox.meddle('instagram', artist.key, 'revoke')
  await assert.rejects(httpWith(extended.accessToken).get('/me'), { code: 'connection.revoked' })
  now = start
})

test('the token endpoint says no in its own, flat way', async () => {
  const proof = { client_id: app.clientId, client_secret: app.clientSecret!, redirect_uri: redirectUri }
  const ask = async (more: Record<string, string>) => {
    const values = { grant_type: 'authorization_code', code: 'unknown', ...proof, ...more }
    return classify(await send({ method: 'POST', url: auth.tokenUrl, ...form(values) })).code
  }
  assert.equal(await ask({}), 'input.expired')
  assert.equal(await ask({ client_secret: 'wrong' }), 'setup.credentials')
})

test('a used up quota says when to come again, and usage shows before that', async () => {
  sandbox.quotas.change('instagram', 'account', 10)
  const { accessToken } = await connect(byFame.at(-2)!)
  const headers = { authorization: `Bearer ${accessToken}` }
  const url = `${instagram.api.baseUrl}/me`
  const signals = (of: ApiResponse) => quotaSignals(instagram.api.errors, of)
  for (let call = 1; call <= 10; call++) {
    const response = { ...(await send({ method: 'GET', url, headers })), at: now }
    if (call < 10) assert.deepEqual(signals(response), [{ quota: 'account', used: call / 10 }])
  }
  const refused = { ...(await send({ method: 'GET', url, headers })), at: now }
  assert.equal(classify(refused).code, 'provider.throttled')
  assert.deepEqual(
    signals(refused).map(({ waitMs }) => waitMs),
    [24 * hour],
  )
  sandbox.quotas.change('instagram', 'account', 4800)
})

test('the next page is an absolute address with the token in it, and another account is not there', async () => {
  const { http, account, bodies } = await open(byFame.at(-3)!)
  await http.get(`/${account.id}/media`, { fields: ['id', 'caption'], limit: 2 })
  const next = new URL(String(at(bodies.at(-1), 'paging', 'next')))
  assert.equal(next.origin + next.pathname, `${instagram.api.baseUrl}/${account.id}/media`)
  assert.match(next.searchParams.get('access_token')!, /^IGAA/)
  assert.equal(next.searchParams.get('after'), at(bodies.at(-1), 'paging', 'cursors', 'after'))
  await assert.rejects(
    http.get('/17841400000000001/media'),
    (error) => error instanceof Fault && error.detail.reason === '100/33',
  )
})

const specs = resolve(
  import.meta.dirname,
  '../..',
  process.env.PATCHBAY_SPECS_DIR ?? '../shared/specs',
  'meta/api_specs',
)
const withSpecs = existsSync(specs) ? {} : { skip: 'there are no specs here: set PATCHBAY_SPECS_DIR to compare fields' }

test('what the emulator answers has no field that the platform does not have', withSpecs, async () => {
  const fieldsOf = (name: string) =>
    (JSON.parse(readFileSync(join(specs, `${name}.json`), 'utf8')) as { fields: { name: string }[] }).fields.map(
      (field) => field.name,
    )
  const check = (objects: unknown, known: readonly string[]) => {
    assert.ok(Array.isArray(objects) && objects.length > 0)
    for (const object of objects)
      assert.deepEqual(
        Object.keys(object).filter((key) => !known.includes(key)),
        [],
      )
  }
  const { http, run, bodies } = await open(byFame.at(-1)!)
  check([await http.get('/me', { fields: fieldsOf('IGUserForIGOnlyAPI') })], fieldsOf('IGUserForIGOnlyAPI'))
  const insight = fieldsOf('InstagramInsightsResult')
  await run('media')
  const list = bodies.findLast((body) => at(body, 'data', 0, 'insights') !== undefined)
  check(at(list, 'data'), [...fieldsOf('IGMediaForIGOnlyAPI'), 'insights'])
  check(at(list, 'data', 0, 'insights', 'data'), insight)
  const before = bodies.length
  await run('daily')
  const [series, ...days] = bodies.slice(before)
  assert.ok(days.length > 20)
  check(at(series, 'data'), insight)
  check(at(series, 'data', 0, 'values'), fieldsOf('InstagramInsightsValue'))
  for (const day of days) check(at(day, 'data'), insight)
  await run('demographics')
  check(at(bodies.at(-1), 'data'), insight)
})

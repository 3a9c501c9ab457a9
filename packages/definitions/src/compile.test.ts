import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Account,
  type ApiRequest,
  type Http,
  isFault,
  type Json,
  type Page,
  type Provider,
  runTime,
} from '@patchbay/kit'
import { checkDefinition } from './check-definition.ts'
import { whatMoves, whatNarrows } from './compare-definitions.ts'
import { compileErrors } from './compile-errors.ts'
import type { Definition } from './definition.ts'
import { exampleDefinition } from './test-definition.ts'

const account: Account = { id: '4711', name: 'Paper Lanterns', kind: 'artist_page' }
const time = runTime(Date.parse('2026-11-22T10:00:00Z'))

test('an identity is read from wherever the definition says it is', async () => {
  const { provider, definition } = compiled()
  const http = answering(() => definition.identity.example)
  const { subject, accounts } = await provider.identify({ http, inputs: {}, settings: {}, time })
  assert.deepEqual(subject, { id: 'u-81', name: 'Mira Holt' })
  assert.deepEqual([accounts[0]!.id, accounts[0]!.url], ['4711', 'https://tidewave.example/paper-lanterns'])
  const nobody = answering(() => ({ user: { id: 'u', name: 'u', artists: [] } }))
  await assert.rejects(provider.identify({ http: nobody, inputs: {}, settings: {}, time }), (error) =>
    isFault(error, 'connection.unsuitable'),
  )
})

test('numbers in texts are read, and what the platform does not say is null with the reason', async () => {
  const { provider, definition } = compiled()
  const http = answering(() => definition.streams.profile!.examples![0]!.body)
  const [page] = await read(provider, 'profile', http)
  assert.deepEqual(http.calls, [{ path: '/artists/4711', query: { market: 'US' } }])
  assert.deepEqual(
    page!.observations!.map(({ metric, value, reason, day }) => [metric, value, reason, day]),
    [
      ['audience.followers', 12840, undefined, '2026-11-22'],
      ['consumption.plays', 903112, undefined, '2026-11-22'],
      ['audience.monthly_listeners', null, 'below_threshold', '2026-11-22'],
    ],
  )
})

test('days go on where the last run ended, with those that may have been corrected', async () => {
  const { provider, definition } = compiled()
  const http = answering(() => definition.streams.daily!.examples![0]!.body)
  const [page] = await read(provider, 'daily', http)
  assert.deepEqual(http.calls[0], {
    host: 'stats',
    path: '/artists/4711/daily',
    query: { from: '2026-10-26', to: '2026-11-22' },
  })
  assert.equal(page!.cursor, '2026-11-19')
  assert.equal(page!.observations!.length, 4)
  assert.deepEqual(page!.observations![0]!.dimensions, { country: 'DE' })
  await read(provider, 'daily', http, page!.cursor)
  assert.equal(http.calls[1]!.query!.from, '2026-11-18')
  const silent = answering(() => ({ days: [] }))
  assert.equal((await read(provider, 'daily', silent, '2026-11-19'))[0]!.cursor, '2026-11-19')
})

test('F46: a cursor that is a time is asked for with what may be hidden behind it, in its own form', async () => {
  const asked = async (cursor: Json, overlapSeconds?: number) => {
    const { provider } = compiled((definition) => {
      Object.assign(definition.streams.tracks!, {
        cursor: { at: 'latest', keep: 'greatest', ...(overlapSeconds !== undefined && { overlapSeconds }) },
        request: { path: '/artists/{account.id}/tracks', query: { since: '{cursor}' } },
      })
    })
    const http = answering(() => ({ tracks: [] }))
    const pages = await read(provider, 'tracks', http, cursor)
    assert.deepEqual(pages.at(-1)!.cursor, cursor, 'where it stands is what was found')
    return http.calls[0]!.query?.since
  }
  assert.equal(await asked(1_795_867_200), '1795867200')
  assert.equal(await asked(1_795_867_200, 60), '1795867140')
  assert.equal(await asked(1_795_867_200_000, 60), '1795867140000')
  assert.equal(await asked('1795867200', 60), '1795867140')
  assert.equal(await asked('2026-11-28T00:00:30Z', 60), '2026-11-27T23:59:30Z')
  assert.equal(await asked('2026-11-28T01:00:30.250+01:00', 60), '2026-11-27T23:59:30.250Z')
  assert.equal(await asked('2026-11-28 00:00:30', 60), '2026-11-27 23:59:30')
  assert.equal(await asked(1_795_867_200_000_000, 60), '1795867140000000')
  const httpDate = 'Sat, 28 Nov 2026 00:00:30 GMT'
  assert.equal(await asked(httpDate, 60), httpDate, 'in a form that is not written here')
  assert.equal(await asked('page-token', 60), 'page-token')
  assert.equal(await asked(null, 60), undefined)
})

test('a list is walked by its token, and a bad row is refused alone', async () => {
  const { provider, definition } = compiled()
  const [first, second] = definition.streams.tracks!.examples!
  const broken = structuredClone(first!.body) as { tracks: { likes: Json }[] }
  broken.tracks[1]!.likes = '1,204'
  const http = answering(({ query }) => (query?.page === 'p2' ? second!.body : (broken as unknown as Json)))
  const pages = await read(provider, 'tracks', http)
  assert.deepEqual(
    pages.map(({ items }) => items!.map(({ id, title, durationMs }) => [id, title, durationMs])),
    [[['t-3', 'Low Tide', 201_000]], [['t-1', 'Lanterns', 240_000]]],
  )
  assert.deepEqual(pages[0]!.refused, [{ what: 'row 2', why: 'likes: a string where a number was expected' }])
  assert.deepEqual(pages[0]!.items![0]!.identifiers, { isrc: 'QZEX12600003' })
})

test('F42, F43, F44: every way to go on through a list ends where it should', async () => {
  const check = async (
    pages: object,
    answer: (query: Record<string, unknown>) => Json,
    wanted: unknown[],
    { headers = {}, leadsBack = false } = {},
  ) => {
    const { provider } = compiled((definition) => {
      Object.assign(definition.streams.tracks!, {
        pages,
        rows: 'rows',
        items: undefined,
        observations: [{ metric: 'engagement.likes', value: '@' }],
      })
    })
    const http = answering(({ query }) => answer(query ?? {}), headers)
    const circle = await read(provider, 'tracks', http).then(
      () => false,
      (error: unknown) => isFault(error, 'provider.changed') || assert.fail(`${error}`),
    )
    assert.equal(circle, leadsBack, JSON.stringify(pages))
    assert.deepEqual(
      http.calls.map(({ query }) => query!.at),
      wanted,
      JSON.stringify(pages),
    )
  }
  const rows = (length: number) => Array.from({ length }, (_, i) => i)
  // A short page is not the last: the platform gives three at most, or left one out.
  await check(
    { by: 'offset', parameter: 'at', limit: 50 },
    ({ at = 0 }) => ({ rows: rows(at === 3 ? 2 : at === 5 ? 1 : at === 6 ? 0 : 3) }),
    [undefined, 3, 5, 6],
  )
  await check({ by: 'offset', parameter: 'at', limit: 50, total: 'n' }, () => ({ rows: rows(2), n: 4 }), [undefined, 2])
  const asText = () => ({ rows: rows(2), n: '4' })
  await check({ by: 'offset', parameter: 'at', limit: 50, total: 'n' }, asText, [undefined, 2])
  // An answer that says no total ends nothing; an empty page does.
  await check(
    { by: 'offset', parameter: 'at', limit: 50, total: 'n' },
    ({ at = 0 }) => ({ rows: rows(at === 4 ? 0 : 2), n: null }),
    [undefined, 2, 4],
  )
  // Three of them went while it was read, and what stood behind them came to a page that was read already.
  let calls = 0
  await check(
    { by: 'offset', parameter: 'at', limit: 4, total: 'n' },
    ({ at = 0 }) => {
      const n = calls++ === 0 ? 7 : 4
      return { rows: rows(Math.max(0, Math.min(4, n - Number(at)))), n }
    },
    [undefined, 4, undefined],
  )
  await check({ by: 'page', parameter: 'at' }, ({ at = 1 }) => ({ rows: rows(at === 3 ? 0 : 2) }), [undefined, 2, 3])
  await check({ by: 'page', parameter: 'at', total: 'n' }, () => ({ rows: rows(2), n: 2 }), [undefined, 2])
  await check({ by: 'page', parameter: 'at', first: 0, total: 'n' }, () => ({ rows: rows(2), n: 2 }), [undefined, 1])
  await check(
    { by: 'next_url', at: 'next' },
    ({ at }) => ({ rows: rows(1), next: at ? null : 'https://evil.example/x?at=b' }),
    [undefined, 'b'],
  )
  await check(
    { by: 'token', at: 'next', parameter: 'at' },
    () => ({ rows: rows(1), next: 'same' }),
    [undefined, 'same'],
    { leadsBack: true },
  )
  await check({ by: 'link_header' }, () => ({ rows: rows(1) }), [undefined, 'z'], {
    ...{ headers: { link: '<https://x.example/?at=z>; rel="next"' }, leadsBack: true },
  })
})

test('a page of more rows than a definition reads is refused with a word to whoever wrote it', async () => {
  const { provider } = compiled()
  const http = answering(() => ({ tracks: Array.from({ length: 5001 }, (_, i) => ({ id: i, title: 'x', likes: 1 })) }))
  await assert.rejects(
    read(provider, 'tracks', http),
    (error) => isFault(error, 'setup.definition') && /5000 at most/.test(error.message),
  )
})

test('an action fills in what it was given, as one segment where it is in a path', () => {
  const { provider } = compiled()
  const { call, input, output } = provider.actions!.renameTrack!
  assert.deepEqual(call({ track: '../a/b', title: 'New' }, 'key-1'), {
    method: 'PUT',
    path: '/tracks/..%2Fa%2Fb',
    headers: { 'idempotency-key': 'key-1' },
    body: { title: 'New' },
  })
  assert.ok(!input.safeParse({ track: 't' }).success)
  assert.ok(!input.safeParse({ track: 't', title: 'x', more: 1 }).success)
  assert.deepEqual(output.parse({ track: { id: 't-3' } }), { id: 't-3' })
})

test('errors are read by the table of the definition', () => {
  const { errors } = compiled().provider.api
  assert.deepEqual(errors.read({ error: { code: 'slow_down', message: 'Wait' } }, 429), {
    reason: 'slow_down',
    message: 'Wait',
  })
  assert.equal(errors.read('<html>', 500), null)
  const answer = { status: 429, headers: { 'x-retry-in-ms': '1500', 'x-ratelimit-remaining': '3' }, body: null, at: 0 }
  assert.equal(errors.wait!(answer), 1500)
  assert.deepEqual(errors.signals!(answer), [{ quota: 'general', remaining: 3 }])
  assert.equal(errors.wait!({ ...answer, headers: { 'x-retry-in-ms': 'soon' } }), null)
})

test('F14: an error page that has nothing of the platform’s form is judged by its status, whatever the expressions would do with it', () => {
  const errors = compileErrors({
    reason: "join('/', errors[].code)",
    message: 'errors[0].says',
    failed: "contains(keys(@), 'errors')",
    rules: [],
  })
  const body: Json = { errors: [{ code: 'a', says: 'no' }, { code: 'b' }] }
  assert.deepEqual(errors.read(body, 400), { reason: 'a/b', message: 'no' })
  assert.equal(errors.failed!(body), true)
  for (const page of ['<html>Bad Gateway</html>', null, ['a list'], { errors: 'none' }]) {
    assert.equal(errors.read(page, 502)?.reason, undefined)
    assert.equal(errors.failed!(page), page !== null && typeof page === 'object' && 'errors' in page)
  }
})

test('who the account is elsewhere is told with its first answer, and what is not there is left out', async () => {
  const { provider, definition } = compiled()
  const { body } = definition.streams.profile!.examples![0]!
  const factsOf = async (answer: Json) =>
    (
      await read(
        provider,
        'profile',
        answering(() => answer),
      )
    )[0]!.facts
  assert.deepEqual(await factsOf(body), {
    identifiers: { mbid: 'f27ec8db-af05-4f36-916e-3d57f91ecf5e' },
    former: {},
    links: [{ url: 'https://nova-reef.example/', by: 'profile' }],
  })
  const ids = { musicbrainz: ['a', 'b', null] }
  assert.deepEqual(await factsOf({ ...(body as object), ids, links: [] } as unknown as Json), {
    identifiers: { mbid: 'a, b' },
    former: {},
    links: [],
  })
  const only = compiled((changed) => {
    delete changed.streams.profile!.observations
  })
  assert.equal(
    (
      await read(
        only.provider,
        'profile',
        answering(() => body),
      )
    )[0]!.facts!.links!.length,
    1,
  )
})

test('a token answer of another form is read by expressions', () => {
  const { provider } = compiled((definition) => {
    definition.auth = oauth
  })
  if (provider.auth.scheme !== 'oauth2') return assert.fail()
  assert.deepEqual(provider.auth.answer!({ data: { token: 'a', ttl: '60', granted: 'x,y' } }), {
    accessToken: 'a',
    refreshToken: undefined,
    expiresInSeconds: 60,
    refreshExpiresInSeconds: undefined,
    scopes: ['x', 'y'],
  })
  assert.equal(provider.auth.answer!({ error: 'no' }), null)
  assert.equal(provider.auth.code!('abc#_'), 'abc')
})

test('a new version says what it takes away, and where it would send credentials', () => {
  const [before, after] = [exampleDefinition(), exampleDefinition()]
  assert.deepEqual([whatNarrows(before, after), whatMoves(before, after)], [[], []])
  delete after.streams.tracks
  after.streams.profile!.observations!.pop()
  after.streams.daily!.scopes = ['stats']
  after.api.quotas[0]!.limit = 30
  after.inputs = { artist: { label: 'Artist', required: true } }
  const said = whatNarrows(before, after)
  assert.equal(said.length, 5, said.join('\n'))
  after.api.hosts = { stats: 'https://collector.example' }
  after.auth = oauth
  assert.deepEqual(whatMoves(before, after), [
    'auth.scheme changes from api_key to oauth2',
    'credentials would be sent to collector.example',
    'credentials would be sent to login.tidewave.example',
  ])
  const revoking = exampleDefinition()
  revoking.auth = { ...oauth, revokeUrl: 'https://elsewhere.example/revoke' }
  assert.deepEqual(whatMoves({ ...before, auth: oauth }, revoking), ['credentials would be sent to elsewhere.example'])
})

// Helpers.

const oauth: Extract<Definition['auth'], { scheme: 'oauth2' }> = {
  scheme: 'oauth2',
  authorizeUrl: 'https://login.tidewave.example/authorize',
  tokenUrl: 'https://login.tidewave.example/token',
  client: 'body',
  pkce: 'S256',
  scopes: { always: ['read'] },
  codeSuffix: '#_',
  answer: { accessToken: 'data.token', expiresInSeconds: 'data.ttl', scopes: 'data.granted', example: {} },
  refresh: { model: 'none' },
}

function compiled(change: (definition: Definition) => void = () => {}): { provider: Provider; definition: Definition } {
  const document = exampleDefinition()
  change(document)
  const { accepted, remarks } = checkDefinition(JSON.parse(JSON.stringify(document)))
  return accepted ?? assert.fail(remarks.map(({ at, says }) => `${at}: ${says}`).join('\n'))
}

type FakeHttp = Http & { calls: ApiRequest[] }

function answering(answer: (request: ApiRequest) => Json, headers: Record<string, string> = {}): FakeHttp {
  const calls: ApiRequest[] = []
  const call = async (request: ApiRequest) => {
    calls.push(request)
    return { status: 200, headers, body: answer(request), at: 0 }
  }
  return Object.assign(call, { calls, get: async (path: string) => (await call({ path })).body })
}

async function read(provider: Provider, stream: string, http: Http, cursor: Json = null): Promise<Page[]> {
  const pages: Page[] = []
  const subjects = [{ account, cursor, checkpoint: null }]
  for await (const page of provider.streams[stream]!.read({ http, subjects, settings: { market: 'US' }, time }))
    pages.push(...[page].flat())
  return pages
}

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ApiRequest, type EmulatorReply, type Http, isFault, type Json, type Observation } from '@patchbay/kit'
import { QuotaMeter } from '../../sandbox/quota-meter.ts'
import youtube from './index.ts'
import { answering, ruleFor, startingAt, tryStream } from './test-stream.ts'
import { viewVersion } from './view-epochs.ts'

const { channel, daily, videos, audience } = youtube.streams as Required<typeof youtube.streams>
const mine = 'UCAAAAAAAAAAAAAAAAAAAAAA'
/** Ten in the evening of 21 November in California, and already the 22nd in UTC. */
const time = startingAt('2026-11-22T06:00:00Z')

test('a consent reaches the channel that was chosen', async () => {
  const identity = await identify(recorded({ '/channels': 'channels-mine' }))
  assert.deepEqual(identity, {
    subject: { id: mine, name: 'Nova Reef' },
    accounts: [
      {
        id: mine,
        name: 'Nova Reef',
        handle: '@novareef',
        url: `https://www.youtube.com/channel/${mine}`,
        imageUrl: 'https://yt3.ggpht.com/sample=s800',
        kind: 'channel',
        ownership: 'owned',
      },
    ],
  })
})

test('a Google account without a channel is told what to do', async () => {
  await assert.rejects(
    identify(recorded({ '/channels': 'channels-mine-none' })),
    (error) => isFault(error, 'connection.unsuitable') && /no YouTube channel\. Create one/.test(error.message),
  )
})

test('F49, F50, F57: one call reads many channels, and says what a number is worth', async () => {
  const http = recorded({ '/channels': 'channels' })
  const ids = [mine, 'UCBBBBBBBBBBBBBBBBBBBBBB', 'UCCCCCCCCCCCCCCCCCCCCCCC', 'UCDDDDDDDDDDDDDDDDDDDDDD']
  const { pages } = await tryStream(channel!, http, { ids, time })
  assert.deepEqual(
    http.calls.map(({ as, query }) => [as, query?.id]),
    [['app', ids]],
  )
  const said = pages.map(({ account, observations = [] }) => [account.slice(2, 4), ...observations.map(inShort)])
  assert.deepEqual(said, [
    ['AA', 'audience.followers 48200 provider_estimate', 'consumption.views 1203344', 'catalogue.videos 312'],
    ['BB', 'audience.followers null hidden', 'consumption.views 31204', 'catalogue.videos 12'],
    ['CC', 'audience.followers 37', 'consumption.views 880', 'catalogue.videos 3'],
    [
      'DD',
      'audience.followers null unavailable',
      'consumption.views null unavailable',
      'catalogue.videos null unavailable',
    ],
  ])
  assert.deepEqual(
    pages.flatMap(({ account, gone }) => (gone === undefined ? [] : [`${account.slice(2, 4)}: ${gone}`])),
    ['DD: YouTube answers without the channel: it is closed, suspended or unknown.'],
  )
  assert.deepEqual([...new Set(pages.flatMap((page) => page.observations!.map(({ day }) => day)))], ['2026-11-22'])
})

test('views are counted by another rule from 24 August 2026 on', () => {
  const days = ['2025-03-30', '2025-03-31', '2026-08-23', '2026-08-24']
  assert.deepEqual(days.map(viewVersion), ['yt.view.v1', 'yt.view.v1-shorts', 'yt.view.v1-shorts', 'yt.view.v2'])
})

test('the day series is read by column name, and its last four days are not final', async () => {
  const http = recorded({ '/reports': 'analytics-day' })
  const { observations, cursor, refused } = await tryStream(daily!, http, {
    ids: [mine],
    time,
    cursor: { final: '2026-11-13' },
  })
  assert.deepEqual(refused, [])
  assert.equal(observations.length, 6 * 8)
  const of = (day: string) => observations.filter((each) => each.day === day).map(inShort)
  assert.deepEqual(of('2026-11-15'), [
    'consumption.views_daily 4123',
    'consumption.engaged_views_daily 2801',
    'consumption.watch_time_daily 524460 provider_estimate',
    'audience.followers_gained 12',
    'audience.followers_lost 3',
    'engagement.likes_daily 97',
    'engagement.comments_daily 6',
    'engagement.shares_daily 9',
  ])
  assert.deepEqual(
    of('2026-11-16').at(-1),
    'engagement.shares_daily 0 provisional',
    'a zero that YouTube said is a zero',
  )
  assert.deepEqual(of('2026-11-18').at(-3), 'engagement.likes_daily -2 provisional', 'more likes taken back than given')
  assert.deepEqual(
    [...new Set(observations.filter(({ final }) => !final).map(({ day }) => day))],
    ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19'],
  )
  assert.ok(observations.every(({ timezone }) => timezone === 'America/Los_Angeles'))
  assert.deepEqual(cursor, { final: '2026-11-15' })
  const { query, host } = http.calls[0]!
  assert.deepEqual(
    [host, query?.ids, query?.startDate, query?.endDate, http.calls.length],
    ['analytics', `channel==${mine}`, '2026-11-14', '2026-11-21', 1],
  )
})

test('a cell that is no number is refused, and a column that is not there is absent', async () => {
  const columnHeaders = [{ name: 'likes' }, { name: 'day' }, { name: 'views' }]
  const rows = [
    [5, '2026-11-18'],
    [null, '2026-11-19', 7],
  ]
  const run = await tryStream(daily!, answeringWith({ columnHeaders, rows }), {
    ids: [mine],
    time,
    cursor: { final: '2026-11-13' },
  })
  assert.deepEqual(
    run.observations.map((each) => `${each.day} ${each.metric} ${each.value}`),
    ['2026-11-18 engagement.likes_daily 5', '2026-11-19 consumption.views_daily 7'],
  )
  assert.deepEqual(
    run.refused.map(({ what }) => what),
    ['views of 2026-11-18', 'likes of 2026-11-19'],
  )
})

test('no data is no observation, and the next run asks for the same days', async () => {
  const http = recorded({ '/reports': 'analytics-day-none' })
  const cursor = { final: '2026-11-13' }
  const run = await tryStream(daily!, http, { ids: [mine], time, cursor })
  assert.deepEqual([run.observations, run.cursor], [[], cursor])
})

test('the first run walks back three years in yearly windows, and goes on where it stopped', async () => {
  const answer = () => recorded({ '/channels': 'channels-mine', '/reports': 'analytics-day-none' })
  const windows = (calls: ApiRequest[]) =>
    calls.filter(({ path }) => path === '/reports').map(({ query }) => `${query?.startDate} ${query?.endDate}`)
  const whole = answer()
  const { cursor } = await tryStream(daily!, whole, { ids: [mine], time })
  assert.deepEqual(windows(whole.calls), ['2025-11-21 2026-11-21', '2024-11-20 2025-11-20', '2023-11-20 2024-11-19'])
  assert.deepEqual(cursor, { final: '2023-11-19' })

  const broken = answer()
  const { checkpoint } = await tryStream(daily!, broken, { ids: [mine], time, stopAfter: 1 })
  const resumed = answer()
  await tryStream(daily!, resumed, { ids: [mine], time, checkpoint })
  assert.deepEqual([...windows(broken.calls), ...windows(resumed.calls)], windows(whole.calls))
})

test('days of the past are read in yearly windows, without asking when the channel was opened, and are final', async () => {
  const http = recorded({ '/reports': 'analytics-day' })
  const range = { from: '2024-01-01', to: '2025-06-30' }
  const { observations } = await tryStream(daily!, http, { ids: [mine], time, range })
  assert.deepEqual(
    http.calls.map(({ query }) => `${query?.startDate} ${query?.endDate}`),
    ['2024-06-30 2025-06-30', '2024-01-01 2024-06-29'],
  )
  assert.ok(observations.filter(({ day }) => day <= range.to).every(({ final }) => final))
})

test('videos come with their counters, hidden ones as null and private ones as private', async () => {
  const http = recorded({ '/playlistItems': 'playlist-items', '/videos:batchGetStats': 'batch-get-stats' })
  const { items, observations, cursor } = await tryStream(videos!, http, { ids: [mine], time })
  assert.deepEqual(
    items.map(({ id, status, durationMs, publishedAt }) => [id, status, durationMs, publishedAt]),
    [
      ['AbCdEfGhIjK', 'live', 192_000, '2026-11-20T15:00:00Z'],
      ['private_001', 'private', undefined, undefined],
      ['unlisted_01', 'live', 61_500, '2026-10-02T02:00:00Z'],
    ],
  )
  assert.deepEqual(observations.map(inShort), [
    'AbCdEfGhIjK consumption.views 90312',
    'AbCdEfGhIjK engagement.likes 2204',
    'AbCdEfGhIjK engagement.comments 187',
    'unlisted_01 consumption.views 41',
    'unlisted_01 engagement.likes null hidden',
    'unlisted_01 engagement.comments null hidden',
  ])
  assert.deepEqual(cursor, {
    videos: [
      ['AbCdEfGhIjK', '2026-11-20', 'live'],
      ['private_001', '2026-11-18', 'private'],
      ['unlisted_01', '2026-10-01', 'live'],
    ],
    recentOn: '2026-11-21',
    allOn: '2026-11-21',
  })
  assert.equal(http.calls[0]?.query?.playlistId, 'UUAAAAAAAAAAAAAAAAAAAAAA')
})

test('a channel that never had a video has no list, which is not an error', async () => {
  const missing = ruleFor(youtube.api.errors, 404, example('playlistNotFound'))!.example
  const http = answering(youtube.api, () => missing)
  const { items, cursor } = await tryStream(videos!, http, { ids: [mine], time })
  assert.deepEqual([items, cursor], [[], { videos: [], recentOn: '2026-11-21', allOn: '2026-11-21' }])
})

test('known videos are counted by age: each run, each day, each week', async () => {
  const known = (readOn: { recentOn: string; allOn: string }) => ({
    videos: [
      ['week_old_01', '2026-11-18', 'live'],
      ['months_old1', '2026-09-01', 'live'],
      ['years_old_1', '2024-12-24', 'live'],
    ],
    ...readOn,
  })
  const asked = async (readOn: { recentOn: string; allOn: string }) => {
    const http = listing([['week_old_01', '2026-11-18T20:00:00Z']])
    const run = await tryStream(videos!, http, { ids: [mine], time, cursor: known(readOn) })
    assert.deepEqual([run.items, http.calls.length], [[], 2], 'an ordinary run is two calls')
    return [http.calls[1]!.query?.id, (run.cursor as { allOn: string }).allOn]
  }
  assert.deepEqual(await asked({ recentOn: '2026-11-21', allOn: '2026-11-20' }), [['week_old_01'], '2026-11-20'])
  assert.deepEqual(await asked({ recentOn: '2026-11-20', allOn: '2026-11-20' }), [
    ['week_old_01', 'months_old1'],
    '2026-11-20',
  ])
  assert.deepEqual(await asked({ recentOn: '2026-11-20', allOn: '2026-11-14' }), [
    ['week_old_01', 'months_old1', 'years_old_1'],
    '2026-11-21',
  ])
})

test('a long list of due videos is asked for once, fifty at a time', async () => {
  const ids = Array.from({ length: 120 }, (_, index) => `video_${String(index).padStart(5, '0')}`)
  const cursor = { videos: ids.map((id) => [id, '2025-01-01', 'live']), recentOn: '2026-11-20', allOn: '2026-11-10' }
  const http = listing([[ids[0]!, '2025-01-01T20:00:00Z']])
  const run = await tryStream(videos!, http, { ids: [mine], time, cursor })
  const asked = http.calls.slice(1).map(({ query }) => query?.id as string[])
  assert.deepEqual([asked.map((list) => list.length), asked.flat()], [[50, 50, 20], ids])
  const broken = await tryStream(videos!, http, { ids: [mine], time, cursor, stopAfter: 2 })
  const rest = await tryStream(videos!, http, { ids: [mine], time, cursor, checkpoint: broken.checkpoint })
  assert.deepEqual([...broken.observations, ...rest.observations], run.observations)
})

test('F30: a video that is left out of the counters is gone only when its owner cannot see it either', async () => {
  const cursor = {
    videos: [
      ['private_001', '2026-11-18', 'private'],
      ['deleted_001', '2026-11-17', 'live'],
    ],
    recentOn: '2026-11-20',
    allOn: '2026-11-20',
  }
  const http = answering(youtube.api, ({ path }) =>
    path === '/videos' ? fixture('videos-there') : { status: 200, body: { items: [] } },
  )
  const run = await tryStream(videos!, http, { ids: [mine], time, cursor })
  assert.deepEqual(run.removed, ['deleted_001'])
  assert.match(run.refused.map(({ what, why }) => `${what}: ${why}`).join(), /^video private_001: it exists/)
  assert.deepEqual((run.cursor as { videos: Json }).videos, [['private_001', '2026-11-18', 'private']])
})

test('a known video that was published meanwhile is handed over again', async () => {
  const cursor = { videos: [['premiere_01', '2026-11-10', 'private']], recentOn: '2026-11-21', allOn: '2026-11-21' }
  const http = listing([['premiere_01', '2026-11-21T20:00:00Z']])
  const run = await tryStream(videos!, http, { ids: [mine], time, cursor })
  assert.deepEqual(
    run.items.map(({ id, status }) => [id, status]),
    [['premiere_01', 'live']],
  )
  assert.deepEqual((run.cursor as { videos: Json }).videos, [['premiere_01', '2026-11-21', 'live']])
})

test('audiences are shares of one, and views stand for viewers by country', async () => {
  const http = answering(youtube.api, ({ query }) =>
    fixture(String(query?.dimensions) === 'country' ? 'analytics-country' : 'analytics-age-gender'),
  )
  const { audiences } = await tryStream(audience!, http, { ids: [mine], time })
  assert.deepEqual(
    audiences.map(({ period, rows }) => [
      period,
      ...rows.map(({ group, value }) => `${Object.values(group).join(' ')} ${value}`),
    ]),
    [
      [
        { start: '2026-10-22', end: '2026-11-18' },
        '18-24 female 0.145',
        '18-24 male 0.125',
        '25-34 female 0.41',
        '65+ male 0.309',
        '65+ other 0.011',
      ],
      [{ start: '2026-10-22', end: '2026-11-18' }, 'DE 0.6', 'US 0.3', 'unknown 0.1'],
    ],
  )
})

test('a refresh answers without a refresh token, and an app in testing with an end date', () => {
  const read = youtube.auth.scheme === 'oauth2' ? youtube.auth.answer! : assert.fail()
  const answer = { access_token: 'ya29.test', expires_in: 3599, scope: 'one two', token_type: 'Bearer' }
  assert.deepEqual(read({ ...answer, refresh_token: '1//0test', refresh_token_expires_in: 604_799 }), {
    accessToken: 'ya29.test',
    refreshToken: '1//0test',
    expiresInSeconds: 3599,
    refreshExpiresInSeconds: 604_799,
    scopes: ['one', 'two'],
  })
  assert.equal(read(answer)?.refreshToken, undefined)
  assert.equal(read({ error: 'invalid_grant' }), null)
})

test('each line of the error table takes its own example', () => {
  const { errors } = youtube.api
  for (const rule of errors.rules) {
    const { status, body } = rule.example
    assert.equal(ruleFor(errors, status, body, rule.call), rule, JSON.stringify(body))
  }
})

test('F28: every documented reason has its meaning', () => {
  const check = (reason: string, expected: string) =>
    assert.equal(ruleFor(youtube.api.errors, 418, example(reason))?.is, expected, reason)
  check('authError', 'connection.expired')
  check('youtubeSignupRequired', 'connection.unsuitable')
  check('authenticatedUserAccountClosed', 'connection.unsuitable')
  check('insufficientPermissions', 'connection.scopes')
  check('ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'connection.scopes')
  check('quotaExceeded', 'provider.exhausted')
  check('dailyLimitExceeded', 'provider.exhausted')
  check('rateLimitExceeded', 'provider.throttled')
  check('userRateLimitExceeded', 'provider.throttled')
  check('RESOURCE_EXHAUSTED', 'provider.throttled')
  check('forbidden', 'provider.forbidden')
  check('channelForbidden', 'provider.forbidden')
  check('playlistItemsNotAccessible', 'provider.forbidden')
  check('accessNotConfigured', 'setup.plan')
  check('keyInvalid', 'setup.credentials')
  check('videoNotFound', 'provider.missing')
  check('channelNotFound', 'provider.missing')
  check('playlistNotFound', 'provider.missing')
  check('commentsDisabled', 'provider.forbidden')
  check('invalidPageToken', 'provider.cursor')
  check('badRequest', 'provider.rejected')
  check('backendError', 'provider.down')
})

test('an empty bucket is told by the call, and a minute is not a day', () => {
  // As in github.com/googleapis/google-api-python-client/issues/2753 (2026-05-27).
  const sentence = (limit: string) =>
    `Quota exceeded for quota metric 'Queries' and limit '${limit}' of service 'youtube.googleapis.com' for consumer 'project_number:1'.`
  const check = (call: string, body: Json, expected: string) => {
    const rule = ruleFor(youtube.api.errors, 429, body, call)!
    assert.equal(`${rule.is} ${rule.quota} ${JSON.stringify(rule.wait)}`, expected)
  }
  const data = 'www.googleapis.com/youtube/v3'
  const midnight = '{"untilMidnight":"America/Los_Angeles"}'
  const perDay = example('rateLimitExceeded', sentence('Video Uploads per day'))
  check('POST www.googleapis.com/upload/youtube/v3/videos', perDay, `provider.exhausted uploads ${midnight}`)
  check(`GET ${data}/search`, perDay, `provider.exhausted search ${midnight}`)
  check(`GET ${data}/videos:batchGetStats`, example('quotaExceeded'), `provider.exhausted batchGetStats ${midnight}`)
  check(`GET ${data}/videos`, example('quotaExceeded'), `provider.exhausted general ${midnight}`)
  check('GET youtubeanalytics.googleapis.com/v2/reports', perDay, `provider.exhausted analytics ${midnight}`)
  const perMinute = example('rateLimitExceeded', sentence('Queries per minute per user'))
  check('GET youtubeanalytics.googleapis.com/v2/reports', perMinute, 'provider.throttled undefined {"ms":10000}')
})

test('F37: every call draws on the bucket that Google draws on', () => {
  const meter = new QuotaMeter(youtube.api.quotas, youtube.api.costs)
  const check = (call: string, expected: string) => {
    const [method, place] = call.split(' ') as [string, string]
    const takes = meter.takes({ method, place }, { app: 'app', user: 'user', account: 'account', settings: {} })
    assert.equal(takes.map(({ quota, amount }) => `${quota.id} ${amount}`).join(), expected, call)
  }
  check('GET www.googleapis.com/youtube/v3/channels', 'general 1')
  check('GET www.googleapis.com/youtube/v3/videos', 'general 1')
  check('GET youtube.googleapis.com/youtube/v3/videos:batchGetStats', 'batchGetStats 1')
  check('GET www.googleapis.com/youtube/v3/search', 'search 1')
  check('GET www.googleapis.com/youtube/v3/captions', 'general 50')
  check('POST www.googleapis.com/upload/youtube/v3/videos', 'uploads 1')
  check('POST www.googleapis.com/youtube/v3/videos', 'uploads 1')
  check('POST www.googleapis.com/youtube/v3/videos/rate', 'general 50')
  check('POST www.googleapis.com/youtube/v3/videos/reportAbuse', 'general 50')
  check('POST www.googleapis.com/youtube/v3/playlists', 'general 50')
  check('GET youtubeanalytics.googleapis.com/v2/reports', 'analytics 1')
})

// The rest compares with what YouTube really answered, where that is at hand.

const root = join(import.meta.dirname, '..', '..')
const specs = join(process.env.PATCHBAY_SPECS_DIR ?? join(root, '..', 'shared', 'specs'), 'youtube', 'recorded')
const skip = existsSync(specs) ? false : `no recorded answers at ${specs}; set PATCHBAY_SPECS_DIR to read them`

test('channels that YouTube really answered are read', { skip }, async () => {
  const body = recordedJson('python-youtube/apidata__channels__info_multiple.json')
  const ids = ['UCiLGuvt7HRQvRD8YVrCSjaC', 'UCLZGtGP98XTIZu92J2FRPth']
  const { observations, refused } = await tryStream(channel!, answeringWith(body), { ids, time })
  assert.deepEqual(refused, [])
  assert.deepEqual(observations.map(inShort), [
    'audience.followers 31781382 provider_estimate',
    'consumption.views 4767687408',
    'catalogue.videos 2678',
    'audience.followers 2260000 provider_estimate',
    'consumption.views 729247149',
    'catalogue.videos 5652',
  ])
  const me = (recordedJson('nango-youtube/channels.json') as { recorded_calls: { body: Json }[] }).recorded_calls[0]!
    .body
  const identity = await identify(answeringWith(me))
  assert.deepEqual(
    identity.accounts.map(({ id, name }) => [id, name]),
    [['UCQR7NYNrbvpC4GaMZ1OI2Nm', 'Sample text 1']],
  )
})

test('a playlist that YouTube really answered is read, private videos included', { skip }, async () => {
  const { recorded_calls } = recordedJson('nango-youtube/list-playlist-items.json') as {
    recorded_calls: { body: Json }[]
  }
  const { nextPageToken, ...page } = recorded_calls[0]!.body as { nextPageToken: string }
  assert.match(nextPageToken, /^EAAa/)
  const http = answering(youtube.api, ({ path }) => ({
    status: 200,
    body: path === '/playlistItems' ? page : {},
  }))
  const { items, refused } = await tryStream(videos!, http, { ids: [mine], time })
  assert.deepEqual(refused, [])
  assert.deepEqual(
    items.map(({ id, status, publishedAt }) => `${id} ${status} ${publishedAt}`),
    [
      'qYdE6NvVHN7 live 2013-10-18T07:03:29Z',
      '6WGk2usl6pU private undefined',
      '2rxH8sm6i9N live 2011-11-21T19:11:41Z',
      'eA0AUBoInPo private undefined',
    ],
  )
})

test('errors that YouTube really answered are classified', { skip }, () => {
  const check = (name: string, status: number, expected: string) =>
    assert.equal(ruleFor(youtube.api.errors, status, recordedJson(`python-youtube/${name}`))?.is, expected, name)
  check('error_response.json', 400, 'setup.credentials')
  check('error_response_simple.json', 400, 'provider.rejected')
  check('apidata__error_permission_resp.json', 403, 'provider.forbidden')
})

test('every fixture says where its shape comes from', () => {
  for (const file of readdirSync(join(import.meta.dirname, 'fixtures'))) {
    const { source, date, request, status } = fixture(file.replace('.json', ''))
    assert.match(source, /https:\/\/developers\.google\.com\//, file)
    assert.deepEqual([/^\d{4}-\d{2}-\d{2}$/.test(date), /^GET https:/.test(request), status], [true, true, 200], file)
  }
})

// Helpers.

const identify = (http: Http) => youtube.identify({ http, inputs: {}, settings: {}, time })

const inShort = ({ item, metric, value, reason, provenance, final }: Observation) =>
  [item, metric, String(value), reason, provenance, final === false ? 'provisional' : undefined]
    .filter(Boolean)
    .join(' ')

function fixture(name: string) {
  const text = readFileSync(join(import.meta.dirname, 'fixtures', `${name}.json`), 'utf8')
  return JSON.parse(text) as EmulatorReply & { source: string; date: string; request: string }
}

const recordedJson = (name: string): Json => JSON.parse(readFileSync(join(specs, name), 'utf8'))

const recorded = (byPath: Readonly<Record<string, string>>) =>
  answering(youtube.api, ({ path }) => fixture(byPath[path] ?? assert.fail(`no fixture for ${path}`)))

const answeringWith = (body: Json) => answering(youtube.api, () => ({ status: 200, body }))

/** An uploads list of these videos; every video that is asked for has been seen seven times. */
const listing = (rows: readonly [id: string, publishedAt: string][]) =>
  answering(youtube.api, ({ path, query }) => ({
    status: 200,
    body: {
      items:
        path === '/playlistItems'
          ? rows.map(([videoId, videoPublishedAt]) => ({
              snippet: { title: videoId, publishedAt: videoPublishedAt },
              contentDetails: { videoId, videoPublishedAt },
              status: { privacyStatus: 'public' },
            }))
          : ((query?.id ?? []) as string[]).map((id) => ({
              id,
              statistics: { viewCount: '7', likeCount: '1', commentCount: '0' },
            })),
    },
  }))

/** An error body with that reason and nothing else that could give it away. */
const example = (reason: string, message = ''): Json => ({
  error: { code: 418, message, errors: [{ reason, message, domain: 'global' }] },
})

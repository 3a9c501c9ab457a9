import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Provider } from '@patchbay/kit'
import { instagram, spotify, youtube } from '../providers/index.ts'
import { openReplay, type ReplayIndex } from '../sandbox/replay.ts'
import { openPretendWorld } from './pretend-world.ts'

/**
 * Answers that the real platforms once gave, through connectors that do not know of it: consent, tokens and quotas are the sandbox's, the numbers are
 * not. What is expected was read out of the recordings by hand; each comment names the file below the folder of specifications.
 */
const specs = process.env.PATCHBAY_SPECS_DIR ?? join(import.meta.dirname, '../../shared/specs')
const skip = existsSync(specs)
  ? false
  : `there are no recorded answers at ${specs}; PATCHBAY_SPECS_DIR says where they are`

test('Spotify: an artist page and its top tracks', { skip }, async () => {
  const id = '0TnOYISbd1XYRBk9myaseg'
  const { rows, items, faults } = await replay(spotify, 'spotify/recorded', '2026-11-20T18:30:00Z', {
    accounts: { spotify: { id, inputs: { artist: `https://open.spotify.com/artist/${id}` } } },
    answers: [
      { match: 'GET api.spotify.com/v1/me' },
      { match: 'GET api.spotify.com/v1/artists/{id}', file: 'find_artist.json' },
      { match: 'GET api.spotify.com/v1/artists', file: 'find_artist.json', wrap: { artists: ['$'] } },
      { match: 'GET api.spotify.com/v1/artists/{id}/top-tracks', file: 'artist_top_tracks.json' },
    ],
  })
  // find_artist.json: followers.total, popularity
  assert.deepEqual(rows('audience.followers', 'standing.popularity_index of the account'), [
    'audience.followers 2026-11-20 2265279',
    'standing.popularity_index 2026-11-20 97',
  ])
  // artist_top_tracks.json: tracks[].id in this order, with popularity
  const tracks = [
    ['6fgjU6IfBOXHI3OKtndEeE', 73],
    ['5l5oJ7rf3ZODYsrAS1hah4', 71],
    ['6pyex9B1kBoRIuabBAc4m8', 71],
    ['6csLL0MBNVIMx19PfsKsW7', 69],
    ['3QiAAp20rPC3dcAtKtMaqQ', 69],
    ['4l2hnfUx0esSbITQa7iJt0', 69],
    ['0AmAZBnbXW7Dq1ykCamvRl', 66],
    ['4VK3MDt1FAP101D0mnFJkz', 65],
    ['0JOw67rq2X6NDz5AJP9uIG', 65],
    ['0D1pEisM3QkiacGXJe5dmd', 63],
  ] as const
  assert.deepEqual(
    rows('standing.top_position', 'standing.popularity_index of items'),
    tracks
      .flatMap(([track, popularity], index) => [
        `standing.top_position ${track} 2026-11-20 ${index + 1}`,
        `standing.popularity_index ${track} 2026-11-20 ${popularity}`,
      ])
      .toSorted(),
  )
  // The same file: tracks[0] and tracks[1]
  const first = items.find((item) => item.id === tracks[0][0])!
  assert.deepEqual(
    [first.title, first.durationMs, first.identifiers],
    ['Suspicious Minds', 260973, { isrc: 'USRC16901355' }],
  )
  const second = items.find((item) => item.id === tracks[1][0])!
  assert.deepEqual([second.durationMs, second.identifiers], [182466, { isrc: 'USRC16107318' }])
  // The list of releases was not recorded, and nothing is made up for it.
  assert.deepEqual(faults, { releases: 'provider.missing' })
})

test('YouTube: one channel of two in an answer', { skip }, async () => {
  const id = 'UCLZGtGP98XTIZu92J2FRPth'
  const { rows } = await replay(youtube, 'youtube/recorded/python-youtube', '2026-11-20T18:30:00Z', {
    accounts: { youtube: { id } },
    answers: [
      {
        match: 'GET www.googleapis.com/youtube/v3/channels',
        query: { mine: 'true' },
        file: 'apidata__channels__info.json',
      },
      {
        match: 'GET www.googleapis.com/youtube/v3/channels',
        query: { part: 'statistics' },
        file: 'apidata__channels__info_multiple.json',
      },
    ],
  })
  // apidata__channels__info_multiple.json: items[1].statistics
  assert.deepEqual(rows('audience.followers', 'consumption.views of the account', 'catalogue.videos'), [
    'audience.followers 2026-11-20 2260000',
    'catalogue.videos 2026-11-20 5652',
    'consumption.views 2026-11-20 729247149',
  ])
})

test('YouTube: a channel’s videos and their counters', { skip }, async () => {
  const { rows, items } = await replay(youtube, 'youtube/recorded/nango-youtube', '2026-11-20T18:30:00Z', {
    accounts: { youtube: { id: 'UCQR7NYNrbvpC4GaMZ1OI2Nm' } },
    answers: [
      {
        match: 'GET www.googleapis.com/youtube/v3/channels',
        file: 'get-channel.json',
        pointer: '/recorded_calls/0/body',
      },
      {
        match: 'GET www.googleapis.com/youtube/v3/playlistItems',
        file: 'list-uploaded-videos.json',
        pointer: '/recorded_calls/1/body',
      },
      // Nobody recorded `batchGetStats` yet; `videos` says the same of each video, here of the three that the channel had later.
      {
        match: 'GET www.googleapis.com/youtube/v3/videos:batchGetStats',
        file: 'uploaded-videos.json',
        pointer: '/recorded_calls/2/body',
      },
    ],
  })
  // get-channel.json: items[0].statistics
  assert.deepEqual(rows('audience.followers', 'consumption.views of the account', 'catalogue.videos'), [
    'audience.followers 2026-11-20 1',
    'catalogue.videos 2026-11-20 0',
    'consumption.views 2026-11-20 104',
  ])
  // list-uploaded-videos.json: items[].contentDetails
  assert.deepEqual(
    items.map(({ id, publishedAt, title }) => [id, publishedAt, title]),
    [
      ['mBfYAWiqflQ', '2025-09-10T14:19:36Z', 'Sample text 8'],
      ['SQJwHYGS2DH', '2025-09-08T19:14:32Z', 'Sample text 9'],
    ],
  )
  // uploaded-videos.json, third call: items[].statistics
  assert.deepEqual(rows('consumption.views of items', 'engagement.likes', 'engagement.comments'), [
    'consumption.views TBHV1ExYIwZ 2026-11-20 0',
    'consumption.views WQ6mJ3qhR66 2026-11-20 4',
    'consumption.views vnxtBdwN0u3 2026-11-20 4',
    'engagement.comments TBHV1ExYIwZ 2026-11-20 0',
    'engagement.comments WQ6mJ3qhR66 2026-11-20 28',
    'engagement.comments vnxtBdwN0u3 2026-11-20 2',
    'engagement.likes TBHV1ExYIwZ 2026-11-20 0',
    'engagement.likes WQ6mJ3qhR66 2026-11-20 0',
    'engagement.likes vnxtBdwN0u3 2026-11-20 0',
  ])
})

const instagramFiles = 'meta/recorded/python-facebook-instagram'
const graph = 'GET graph.instagram.com/v26.0'

test('Instagram: two pages of media and the stories of a day, without insights', { skip }, async () => {
  const { rows, items } = await replay(instagram, instagramFiles, '2021-08-19T12:00:00Z', {
    answers: [
      { match: `${graph}/{user}/media`, query: { after: 'after' }, file: 'users__medias_p2.json' },
      { match: `${graph}/{user}/media`, file: 'users__medias_p1.json' },
      { match: `${graph}/{user}/stories`, file: 'users__stories.json' },
      { match: `${graph}/{user}/insights` },
      { match: `${graph}/{user}` },
    ],
  })
  // users__medias_p1.json and users__medias_p2.json: data[].like_count, comments_count
  assert.deepEqual(rows('engagement.likes', 'engagement.comments'), [
    'engagement.comments 52094867813515475 2021-08-19 0',
    'engagement.comments 62759994796007345 2021-08-19 0',
    'engagement.comments 88475992706844403 2021-08-19 0',
    'engagement.comments 90941440251128065 2021-08-19 6',
    'engagement.likes 52094867813515475 2021-08-19 0',
    'engagement.likes 62759994796007345 2021-08-19 1',
    'engagement.likes 88475992706844403 2021-08-19 1',
    'engagement.likes 90941440251128065 2021-08-19 2',
  ])
  // Those files and users__stories.json: data[].timestamp, media_type, caption
  assert.deepEqual(
    items.map(({ id, kind, title, publishedAt }) => [id, kind, title, publishedAt]),
    [
      ['44512196032621415', 'story', 'Photo', '2021-08-19T10:19:23.000Z'],
      ['19183189536959280', 'story', 'Video', '2021-08-19T10:19:03.000Z'],
      ['52094867813515475', 'post', 'Photo', '2021-08-13T08:25:28.000Z'],
      ['90941440251128065', 'post', 'Photo', '2021-08-13T08:02:40.000Z'],
      ['88475992706844403', 'post', 'ALBUM', '2021-07-26T10:45:20.000Z'],
      ['62759994796007345', 'post', 'Sample text 9', '2021-06-09T09:47:29.000Z'],
    ],
  )
  // No insights are in any of the files: not zero, and of the stories of that day not yet.
  assert.deepEqual(rows('consumption.views of items'), [
    'consumption.views 19183189536959280 2021-08-19 not_ready',
    'consumption.views 44512196032621415 2021-08-19 not_ready',
    'consumption.views 52094867813515475 2021-08-19 unavailable',
    'consumption.views 62759994796007345 2021-08-19 unavailable',
    'consumption.views 88475992706844403 2021-08-19 unavailable',
    'consumption.views 90941440251128065 2021-08-19 unavailable',
  ])
})

test('Instagram: reach of two days, noted under the days that ended', { skip }, async () => {
  const { rows } = await replay(instagram, instagramFiles, '2017-05-05T20:00:00Z', {
    answers: [
      { match: `${graph}/{user}/insights`, query: { metric_type: 'time_series' }, file: 'users__user_insights.json' },
      { match: `${graph}/{user}/insights`, query: { period: 'day' }, file: 'users__user_insights_new.json' },
      { match: `${graph}/{user}/insights` },
      { match: `${graph}/{user}/media` },
      { match: `${graph}/{user}/stories` },
      { match: `${graph}/{user}` },
    ],
  })
  // users__user_insights.json: reach is 3 for the day that ended 2017-05-04T07:00Z, midnight in California, and 36 for the next
  const reach = rows('engagement.reach_daily')
  assert.deepEqual(reach.slice(-3), [
    'engagement.reach_daily 2017-05-02 unavailable',
    'engagement.reach_daily 2017-05-03 3',
    'engagement.reach_daily 2017-05-04 36',
  ])
  assert.equal(reach.length, 29)
  // users__user_insights_new.json holds a total of reach and none of what was asked for.
  assert.deepEqual(rows('consumption.views_daily').slice(-1), ['consumption.views_daily 2017-05-04 not_ready'])
})

/** Connects one account, reads all that there is once, and says what was stored. */
async function replay(provider: Provider, folder: string, startAt: string, index: ReplayIndex) {
  const world = await openPretendWorld({
    providers: [provider],
    artists: 2,
    seed: 'replay',
    startAt: Date.parse(startAt),
    replay: openReplay({
      directory: join(specs, folder),
      index,
      log: { warn: (event, fields) => assert.fail(`${event} ${JSON.stringify(fields)}`) },
    }),
  })
  const connection = await world.run(() => world.connect(world.artists[0]!, provider))
  await world.settle({ quietMs: 60_000 })
  const stored = await world.rowsOf([connection])
  const slots = await world.slotsOf(connection)
  return {
    /** Of these metrics, in order: of accounts and items alike when nothing is said. */
    rows: (...metrics: string[]) =>
      stored
        .filter(({ metric, item }) =>
          metrics.some((wanted) => [metric, `${metric} of ${item ? 'items' : 'the account'}`].includes(wanted)),
        )
        .map(({ metric, item, day, value, reason }) =>
          [metric, item, day, value ?? reason].filter((part) => part !== null).join(' '),
        )
        .toSorted(),
    items: await world.deps.records.items(world.environment.id, { connections: [connection.id], limit: 1000 }),
    faults: Object.fromEntries(
      slots.filter(({ lastFault }) => lastFault !== null).map(({ stream, lastFault }) => [stream, lastFault]),
    ),
  }
}

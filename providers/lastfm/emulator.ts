import {
  type Artist,
  type Day,
  defineEmulator,
  type EmulatorCall,
  type EmulatorReply,
  type Json,
  reply,
  type Truth,
  type World,
} from '@patchbay/kit'
import { decodeName } from './artist.ts'

/** The two methods that are called. `artist.getInfo` decodes the name once more than others do, and says that a page is missing with 200 or 404. */
export default defineEmulator({
  routes: {
    'GET ws.audioscrobbler.com/2.0/'(call) {
      if (call.query.get('format') !== 'json') return reply(200, '<lfm status="ok"/>', { 'content-type': 'text/xml' })
      switch (call.query.get('method')?.toLowerCase()) {
        case 'artist.getinfo':
          return getInfo(call, decodeName(call.query.get('artist') ?? ''))
        case 'artist.search':
          return search(call, call.query.get('artist') ?? '')
        default:
          return noMethod()
      }
    },
  },

  refuse: {
    unauthorized: (why) =>
      why === 'revoked'
        ? refusal(26, 'API Key Suspended - This application is not allowed to make requests to the web services', 403)
        : refusal(10, 'Invalid API key - You must be granted a valid key by last.fm', 403),
    scope: () => refusal(4, 'Authentication Failed - You do not have permissions to access the service', 403),
    // No header tells the wait, and the status is now and then that of a success.
    quota: (_quota, waitMs) =>
      refusal(
        29,
        'Rate Limit Exceeded - This application has made too many requests in a short period',
        waitMs % 7 === 0 ? 200 : 429,
      ),
    down: () => refusal(11, 'Service Offline - This service is temporarily offline. Try again later.', 503),
    missing: () => noMethod(),
  },

  account: (artist) => ({ id: artist.name, name: artist.name, inputs: { artist: urlOf(artist.name) } }),

  *truth(artist, world, { to: day }): Iterable<Truth> {
    yield { metric: 'audience.listeners_lifetime', day, value: listeners(world, artist, day) }
    yield { metric: 'consumption.scrobbles', day, value: scrobbles(world, artist, day) }
  },
})

const start = (artist: Artist) => Math.round(10 ** (1.3 + 4.4 * artist.fame))

const listeners = (world: World, artist: Artist, day: Day) =>
  world.total(`lastfm/listeners/${artist.key}`, { artist, start: start(artist), perDay: 400 }, day)

/** Nobody is a listener without a scrobble; most come back. */
const scrobbles = (world: World, artist: Artist, day: Day) =>
  listeners(world, artist, day) +
  world.total(`lastfm/scrobbles/${artist.key}`, { artist, start: 8 * start(artist), perDay: 9000 }, day)

const refusal = (error: number, message: string, status = 400) => reply(status, { error, message, links: [] })
const noMethod = () => refusal(3, 'Invalid Method - No method with that name in this package')

function getInfo({ world, query, today }: EmulatorCall, asked: string): Json | EmulatorReply {
  if (asked === '') return refusal(6, 'Invalid parameters - Your request is missing a required parameter')
  // Misspelt here is: other spaces, hyphens or dots.
  const same = (name: string) => name.toLowerCase().replace(query.get('autocorrect') === '1' ? /[^a-z0-9]/g : '', '')
  const wanted = same(asked)
  const artist = world.artists.find(({ name }) => same(name) === wanted)
  const status = world.unit(`lastfm/missing/${asked}`) < 0.5 ? 200 : 404
  if (!artist) return refusal(6, 'The artist you supplied could not be found', status)
  return {
    artist: {
      ...pageOf(world, artist, 6),
      ontour: '0',
      stats: {
        listeners: String(listeners(world, artist, today())),
        playcount: String(scrobbles(world, artist, today())),
      },
      similar: { artist: [] },
      tags: { tag: oneOrMore([{ name: artist.genre, url: `https://www.last.fm/tag/${encode(artist.genre)}` }]) },
      bio: { published: '11 Feb 2021, 09:00', summary: '', content: '' },
    },
  }
}

function search({ world, query, today }: EmulatorCall, asked: string): Json {
  const found = world.artists.filter(({ name }) => name.toLowerCase().includes(asked.toLowerCase()))
  const limit = query.get('limit') ?? '30'
  return {
    results: {
      'opensearch:Query': { '#text': '', role: 'request', searchTerms: asked, startPage: '1' },
      'opensearch:totalResults': String(found.length),
      'opensearch:startIndex': '0',
      'opensearch:itemsPerPage': limit,
      artistmatches: {
        artist: oneOrMore(
          found.slice(0, Number(limit)).map((artist) => ({
            ...pageOf(world, artist, 5),
            listeners: String(listeners(world, artist, today())),
          })),
        ),
      },
      '@attr': { for: asked },
    },
  }
}

/** A list of one comes as the one. */
const oneOrMore = (list: Json[]): Json => (list.length === 1 ? list[0]! : list)

const pageOf = (world: World, { key, name }: Artist, images: number) => ({
  name,
  // Some pages have none.
  ...(world.unit(`lastfm/mbid/${key}`) < 0.8 ? { mbid: mbidOf(world, key) } : {}),
  url: urlOf(name),
  image: sizes.slice(0, images).map(([size, folder]) => ({ '#text': star(folder), size })),
  streamable: '0',
})

const mbidOf = (world: World, key: string) =>
  world.text(`lastfm/mbid/${key}`, 32, '0123456789abcdef').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

const encode = (text: string) => encodeURIComponent(text).replaceAll('%20', '+')
const urlOf = (name: string) => `https://www.last.fm/music/${encode(name.replaceAll('+', '%2B'))}`
const star = (folder: string) => `https://lastfm.freetls.fastly.net/i/u/${folder}/2a96cbd8b46e442fc41c2b86b821562f.png`
const sizes = [
  ['small', '34s'],
  ['medium', '64s'],
  ['large', '174s'],
  ['extralarge', '300x300'],
  ['mega', '300x300'],
  ['', '300x300'],
] as const

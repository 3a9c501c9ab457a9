import { apiKey, defineAction, defineProvider, z } from '@patchbay/kit'
import { artist, counter, identify } from './artist.ts'
import emulator from './emulator.ts'
import { errors } from './errors.ts'

const terms =
  'guess that it still stands: www.last.fm/api/tos, 4.4: 5 a second for an address, averaged over 5 minutes (quoted 2018-09-04 in github.com/metabrainz/picard-plugins, lastfm)'

export default defineProvider({
  id: 'lastfm',
  name: 'Last.fm',
  category: 'music',
  summary: 'Listeners and scrobbles of an artist page, over its lifetime and among Last.fm’s own users.',
  docs: 'https://www.last.fm/api',
  preflight: ['Have a Last.fm API key at hand: www.last.fm/api/account/create gives one to every Last.fm user.'],

  auth: apiKey({ carry: { query: 'api_key' }, help: '32 digits and letters a–f. The shared secret is not needed.' }),
  inputs: {
    artist: {
      label: 'Artist',
      help: 'Name or Last.fm page. A key does not say whose page is meant, so the public page is read.',
      placeholder: 'https://www.last.fm/music/…',
      required: true,
    },
  },

  api: {
    // Every call is `/?method=…`.
    baseUrl: 'https://ws.audioscrobbler.com/2.0',
    // Asked for, "to reduce the risk of you getting banned": www.last.fm/api/intro.
    headers: { 'user-agent': 'Patchbay (self-hosted)' },
    quotas: [
      {
        id: 'general',
        per: 'ip',
        limit: 1200,
        window: { rollingMs: 300_000 },
        unit: 'calls',
        source: `${terms}: 1,500; a fifth less is our margin`,
      },
      {
        id: 'second',
        per: 'ip',
        limit: 4,
        window: { rollingMs: 1000 },
        unit: 'calls',
        source: `${terms}. A burst is not forbidden by the letter; one less than 5 is our margin`,
      },
    ],
    errors,
  },

  identify,
  streams: { artist },
  actions: {
    /** For applications that ask "which artist are you?" before they open a connect page: the address goes into its `artist` question. */
    findArtists: defineAction({
      summary: 'Find artist pages by name',
      input: z.object({ name: z.string().min(1).max(100) }),
      output: z.object({
        results: z.object({
          artistmatches: z.object({
            // What is one element in Last.fm's XML may be an object in its JSON where several are a list.
            artist: z.preprocess(
              (found) => [found].flat(),
              z.array(z.object({ name: z.string(), url: z.string(), listeners: counter })),
            ),
          }),
        }),
      }),
      example: { name: 'Nova Reef' },
      call: ({ name }) => ({
        path: '/',
        query: { method: 'artist.search', artist: name, limit: 10, format: 'json' },
      }),
    }),
  },

  notOffered: {
    'audience.monthly_listeners':
      'Last.fm counts everybody who ever scrobbled the artist; an artist has no number for a month.',
    'audience.daily_listeners':
      'Last.fm counts everybody who ever scrobbled the artist; an artist has no number for a day.',
    'audience.followers': 'The API counts no followers of an artist.',
    'consumption.streams': 'Last.fm counts scrobbles: plays that its users’ players report, wherever they come from.',
  },

  emulator,
})

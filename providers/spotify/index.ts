import { defineProvider, oauth2 } from '@patchbay/kit'
import { findArtists } from './actions/find-artists.ts'
import emulator from './emulator.ts'
import { errors } from './errors.ts'
import { identify } from './identify.ts'
import { dailyCosts, dailyQuotas } from './quotas.ts'
import { artist, artists } from './streams/artist.ts'
import { releases } from './streams/releases.ts'
import { topTracks } from './streams/top-tracks.ts'

export default defineProvider({
  id: 'spotify',
  name: 'Spotify',
  category: 'music',
  summary: 'Followers, popularity, releases and ISRCs of an artist page, as far as the Web API gives them.',
  docs: 'https://developer.spotify.com/documentation/web-api',
  preflight: [
    'Have the link of the artist page at hand: open the page in Spotify, choose Share, then Copy link.',
    'While the app is in development mode, the Spotify user who consents must be on its list of at most five users.',
  ],

  auth: oauth2({
    authorizeUrl: 'https://accounts.spotify.com/authorize',
    tokenUrl: 'https://accounts.spotify.com/api/token',
    client: 'basic',
    pkce: 'S256',
    // The catalogue and the user's own id need no permission, so none is asked for.
    scopes: { always: [] },
    // Otherwise Spotify sends a browser that agreed before straight back, without asking which user it is now.
    authorizeParams: { show_dialog: 'true' },
    refresh: { model: 'keeps' },
    consent: { days: 180, source: 'developer.spotify.com/blog/2026-06-18-refresh-token-expiration: six months' },
    app: { kind: 'client_credentials', tokenUrl: 'https://accounts.spotify.com/api/token', client: 'basic' },
  }),

  settings: {
    mode: {
      label: 'Access mode of the app',
      help: 'Every new app is in development mode. Choose extended only when Spotify has granted extended quota mode.',
      choices: ['dev', 'extended'],
      initial: 'dev',
      sandbox: 'extended',
      required: true,
    },
    market: {
      label: 'Market of the top tracks',
      help: 'Two-letter country code. Read in extended mode only.',
      placeholder: 'US',
      initial: 'US',
    },
  },

  inputs: {
    artist: {
      label: 'Artist page',
      help: 'Its link. Spotify does not say which artist page belongs to which user, so the public page is read.',
      placeholder: 'https://open.spotify.com/artist/…',
      required: true,
    },
  },

  api: {
    baseUrl: 'https://api.spotify.com/v1',
    quotas: [
      {
        id: 'general',
        per: 'app',
        limit: 60,
        window: { rollingMs: 30_000 },
        unit: 'calls',
        source:
          'guess: developer.spotify.com/documentation/web-api/concepts/rate-limits names the rolling 30 seconds and no number',
      },
      ...dailyQuotas,
    ],
    costs: dailyCosts,
    errors,
  },

  identify,
  probe: ({ http }) => http.get('/me'),

  streams: { artist, artists, releases, topTracks },
  actions: { findArtists },

  notOffered: {
    'audience.monthly_listeners': 'Shown in Spotify for Artists and on the page; the Web API has no such number.',
    'audience.daily_listeners': 'Only in Spotify for Artists; the Web API has no such number.',
    'consumption.streams': 'Only in Spotify for Artists; the Web API has no stream counts.',
    'consumption.streams_daily': 'Only in Spotify for Artists; the Web API has no stream counts.',
    'engagement.saves': 'Only in Spotify for Artists; the Web API does not count saves.',
    'engagement.saves_daily': 'Only in Spotify for Artists; the Web API does not count saves.',
  },

  emulator,
})

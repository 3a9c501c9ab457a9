import { defineEmulator, type Truth } from '@patchbay/kit'
import * as answers from './emulator/answers.ts'
import * as numbers from './emulator/numbers.ts'
import { userObject } from './emulator/objects.ts'

const { extendedOnly, one, open, personal, refusal, several } = answers

/** Only what the connector calls, in the dialect of the app's mode: `settings.mode` is `dev` unless it says `extended`. */
export default defineEmulator({
  routes: {
    'GET api.spotify.com/v1/me': personal((call, view) => userObject(view, call.artist!, call.scopes)),
    'GET api.spotify.com/v1/artists': extendedOnly(several('artists', 50, answers.findArtist)),
    'GET api.spotify.com/v1/artists/{id}': open(one(answers.findArtist)),
    'GET api.spotify.com/v1/artists/{id}/albums': open(one(answers.findDiscography)),
    'GET api.spotify.com/v1/artists/{id}/top-tracks': extendedOnly(one(answers.findTopTracks)),
    'GET api.spotify.com/v1/albums': extendedOnly(several('albums', 20, answers.findAlbum)),
    'GET api.spotify.com/v1/albums/{id}': open(one(answers.findAlbum)),
    'GET api.spotify.com/v1/albums/{id}/tracks': open(one(answers.findAlbumTracks)),
    'GET api.spotify.com/v1/tracks': extendedOnly(several('tracks', 50, answers.findTrack)),
    'GET api.spotify.com/v1/tracks/{id}': open(one(answers.findTrack)),
    'GET api.spotify.com/v1/search': open(answers.search),
  },

  refuse: {
    unauthorized: (why) =>
      refusal(
        401,
        {
          missing: 'No token provided',
          invalid: 'Invalid access token',
          expired: 'The access token expired',
          revoked: 'Invalid access token',
        }[why],
      ),
    scope: () => refusal(403, 'Insufficient client scope'),
    quota: (quota, waitMs) => {
      const seconds = Math.max(1, Math.ceil(waitMs / 1000))
      const headers = { 'retry-after': String(seconds) }
      if (quota === 'general') return refusal(429, 'API rate limit exceeded', { headers })
      // Now and then the daily quotas come without the header, as reported of the real ones: here for one wait in seven.
      return refusal(429, 'Too many requests', { reason: 'QUOTA_EXCEEDED', headers: seconds % 7 === 0 ? {} : headers })
    },
    down: () => refusal(503, 'Service unavailable'),
    missing: () => refusal(404, 'Service not found'),
  },

  oauth: { tokenPrefix: { access: 'BQ', refresh: 'AQ', code: 'AQ' } },

  account: (artist, world) => {
    const id = numbers.pageId(world, artist)
    return {
      id,
      name: artist.name,
      subject: numbers.accountId(world, artist),
      inputs: { artist: `https://open.spotify.com/artist/${id}` },
    }
  },

  *truth(artist, world, { to: day, settings }): Iterable<Truth> {
    const extended = settings.mode === 'extended'
    yield { metric: 'audience.followers', day, value: extended ? numbers.followers(world, artist, day) : null }
    yield { metric: 'standing.popularity_index', day, value: extended ? numbers.popularity(world, artist, day) : null }
    yield { metric: 'catalogue.releases', day, value: artist.releases.filter((release) => release.day <= day).length }
    if (!extended) return
    for (const [index, title] of numbers.topTitles(world, artist, day).entries()) {
      const item = numbers.trackId(world, title.track)
      yield {
        metric: 'standing.top_position',
        day,
        value: index + 1,
        item,
        dimensions: { country: settings.market || 'US' },
      }
      yield { metric: 'standing.popularity_index', day, value: numbers.trackPopularity(world, title, day), item }
    }
  },
})

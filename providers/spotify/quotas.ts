import { type Cost, dayMs, type Quota } from '@patchbay/kit'

const blog =
  'guess: developer.spotify.com/blog/2026-07-23-web-api-quota-updates says that groups of endpoints have quotas, and no number'
const ofTracks = `${blog}; about 2,300 lists of tracks a day were met in 2024 (github.com/spotipy-dev/spotipy/issues/913)`

/** Groups of endpoints that stop by themselves, each told by the call that was refused. The first that fits a call is its own. */
export const groups = [
  {
    ...{ id: 'artist-albums', call: 'GET api.spotify.com/v1/artists/{id}/albums', limit: 90 },
    source: `${blog}; field reports say about 100 a day`,
  },
  {
    ...{ id: 'search', call: 'GET api.spotify.com/v1/search', limit: 200 },
    source: `${blog}; field reports say some hundreds a day`,
  },
  { id: 'albums', call: 'GET api.spotify.com/v1/albums', limit: 2000, source: ofTracks },
  { id: 'tracks', call: 'GET api.spotify.com/v1/tracks', limit: 2000, source: ofTracks },
] as const

/** Of what connecting needs as well nothing is counted, so that nobody who connects waits for a guess. It is there so that its end ends nothing else. */
const others = { id: 'others', limit: 2000, source: `${blog}; nobody is known to have met one of these` }

export const dailyQuotas: readonly Quota[] = [...groups, others].map(({ id, limit, source }) => ({
  ...{ id, limit, source, per: 'app', unit: 'calls' },
  window: { rollingMs: dayMs },
  when: { mode: 'dev' },
}))

export const dailyCosts: readonly Cost[] = [
  ...groups.map(({ id, call }) => ({ call, takes: { general: 1, [id]: 1 } })),
  { call: '* api.spotify.com/v1', takes: { general: 1, others: 0 } },
]

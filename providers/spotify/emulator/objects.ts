import type { Artist, Day, EmulatorCall, Json, Release, World } from '@patchbay/kit'
import * as numbers from './numbers.ts'

/** Spotify's objects, field for field. `extended` adds what development mode left out in February 2026: absent, not null and not 0. */
export interface View {
  readonly world: World
  readonly day: Day
  readonly extended: boolean
}

export const viewOf = (call: EmulatorCall): View => ({
  world: call.world,
  day: call.today(),
  extended: call.app.settings.mode === 'extended',
})

type Fields = { [key: string]: Json }

const api = 'https://api.spotify.com/v1'

const reference = (type: string, id: string): Fields => ({
  external_urls: { spotify: `https://open.spotify.com/${type}/${id}` },
  href: `${api}/${type}s/${id}`,
  id,
  type,
  uri: `spotify:${type}:${id}`,
})

const onlyIf = (shown: boolean, fields: Fields): Fields => (shown ? fields : {})

export const userObject = ({ world, extended }: View, artist: Artist, scopes: readonly string[]): Fields => {
  const id = numbers.userName(world, artist)
  return {
    ...reference('user', id),
    account_id: numbers.accountId(world, artist),
    display_name: artist.name,
    images: [],
    ...onlyIf(extended, {
      followers: { href: null, total: world.integer(`spotify/user-followers/${artist.key}`, 0, 90) },
    }),
    ...onlyIf(extended && scopes.includes('user-read-private'), { country: artist.country, product: 'premium' }),
  }
}

const artistReference = ({ world }: View, artist: Artist): Fields => ({
  ...reference('artist', numbers.pageId(world, artist)),
  name: artist.name,
})

/** No pictures: the sandbox has none to serve, and a page without one is an everyday answer. */
export const artistObject = (view: View, artist: Artist): Fields => ({
  ...artistReference(view, artist),
  genres: view.extended ? [artist.genre] : [],
  images: [],
  ...onlyIf(view.extended, {
    followers: { href: null, total: numbers.followers(view.world, artist, view.day) },
    popularity: numbers.popularity(view.world, artist, view.day),
  }),
})

/** Old catalogue is often dated only by year or month: here the oldest release of every second artist. */
function releaseDate({ world }: View, artist: Artist, release: Release): Fields {
  const oldest = artist.releases.every(({ day }) => day >= release.day)
  const precision = oldest
    ? (['year', 'month', 'day', 'day'] as const)[world.integer(`spotify/precision/${artist.key}`, 0, 3)]!
    : 'day'
  return {
    release_date: release.day.slice(0, { year: 4, month: 7, day: 10 }[precision]),
    release_date_precision: precision,
  }
}

export const simplifiedAlbum = (view: View, artist: Artist, release: Release): Fields => ({
  ...reference('album', numbers.albumId(view.world, release)),
  album_type: release.kind,
  name: release.title,
  ...releaseDate(view, artist, release),
  total_tracks: release.tracks.length,
  images: [],
  artists: [artistReference(view, artist)],
  ...onlyIf(view.extended, { available_markets: ['DE', 'FR', 'GB', 'US'] }),
})

export const discographyAlbum = (view: View, artist: Artist, release: Release): Fields => ({
  ...simplifiedAlbum(view, artist, release),
  ...onlyIf(view.extended, { album_group: release.kind }),
})

const simplifiedTrack = (view: View, title: numbers.Title): Fields => ({
  ...reference('track', numbers.trackId(view.world, title.track)),
  name: title.track.title,
  artists: [artistReference(view, title.artist)],
  disc_number: 1,
  track_number: title.track.number,
  duration_ms: title.track.durationMs,
  explicit: false,
  is_local: false,
  preview_url: null,
  ...onlyIf(view.extended, { available_markets: ['DE', 'FR', 'GB', 'US'] }),
})

export const trackObject = (view: View, title: numbers.Title): Fields => ({
  ...simplifiedTrack(view, title),
  album: simplifiedAlbum(view, title.artist, title.release),
  external_ids: { isrc: title.track.isrc },
  ...onlyIf(view.extended, { popularity: numbers.trackPopularity(view.world, title, view.day) }),
})

export function albumObject(view: View, artist: Artist, release: Release): Fields {
  const id = numbers.albumId(view.world, release)
  return {
    ...simplifiedAlbum(view, artist, release),
    tracks: albumTracks(view, artist, release, { limit: 50, offset: 0 }),
    copyrights: [{ text: `${release.day.slice(0, 4)} ${artist.name}`, type: 'C' }],
    external_ids: { upc: release.upc },
    genres: [],
    ...onlyIf(view.extended, {
      label: artist.name,
      popularity: view.world.integer(
        `spotify/album-popularity/${id}`,
        0,
        numbers.popularity(view.world, artist, view.day),
      ),
    }),
  }
}

export const albumTracks = (view: View, artist: Artist, release: Release, window: Window): Fields =>
  paging(
    `${api}/albums/${numbers.albumId(view.world, release)}/tracks`,
    numbers.titlesOf(artist, release).map((title) => simplifiedTrack(view, title)),
    window,
  )

export interface Window {
  readonly limit: number
  readonly offset: number
}

/** `next` and `previous` are absolute addresses that carry everything else of the query along. */
export function paging(href: string, all: readonly Json[], { limit, offset }: Window): Fields {
  const address = (at: number) => {
    const url = new URL(href)
    url.searchParams.set('offset', String(at))
    url.searchParams.set('limit', String(limit))
    return url.href
  }
  return {
    href: address(offset),
    items: all.slice(offset, offset + limit),
    limit,
    next: offset + limit < all.length ? address(offset + limit) : null,
    offset,
    previous: offset > 0 ? address(Math.max(0, offset - limit)) : null,
    total: all.length,
  }
}

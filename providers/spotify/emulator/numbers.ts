import type { Artist, Day, Release, World } from '@patchbay/kit'

/** What is true about an artist on the pretend Spotify: ids and numbers, no answers. The routes dress it up; `truth` reads it as it is. */
type Track = Release['tracks'][number]

export interface Title {
  readonly artist: Artist
  readonly release: Release
  readonly track: Track
}

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export const pageId = (world: World, artist: Artist) => world.text(`spotify/artist/${artist.key}`, 22, base62)
export const albumId = (world: World, release: Release) => world.text(`spotify/album/${release.key}`, 22, base62)
export const trackId = (world: World, track: Track) => world.text(`spotify/track/${track.key}`, 22, base62)
/** The old user name, and the identifier that Spotify says to link accounts by. */
export const userName = (world: World, artist: Artist) =>
  world.text(`spotify/user/${artist.key}`, 25, base62.toLowerCase())
export const accountId = (world: World, artist: Artist) => world.text(`spotify/account/${artist.key}`, 26, base62)

export const followers = (world: World, artist: Artist, day: Day) =>
  world.total(
    `spotify/followers/${artist.key}`,
    { artist, start: Math.round(10 ** (1.5 + 4 * artist.fame)), perDay: 2000 },
    day,
  )

/** 0 to 100. It moves by a point now and then, as the real one does. */
export const popularity = (world: World, artist: Artist, day: Day) =>
  clamp(8 + Math.round(76 * artist.fame) + world.integer(`spotify/popularity/${artist.key}/${day.slice(0, 7)}`, -1, 1))

export const trackPopularity = (world: World, { artist, track }: Title, day: Day) =>
  clamp(popularity(world, artist, day) - world.integer(`spotify/track-popularity/${track.key}`, 0, 25))

const clamp = (value: number) => Math.max(0, Math.min(100, value))

/** What is out on that day, in the order in which Spotify lists it: albums, then singles, each newest first. */
export const catalogue = (artist: Artist, day: Day): Release[] =>
  artist.releases
    .filter((release) => release.day <= day)
    .sort((a, b) => a.kind.localeCompare(b.kind) || b.day.localeCompare(a.day) || a.key.localeCompare(b.key))

export const titlesOf = (artist: Artist, release: Release): Title[] =>
  release.tracks.map((track) => ({ artist, release, track }))

export const topTitles = (world: World, artist: Artist, day: Day): Title[] =>
  catalogue(artist, day)
    .flatMap((release) => titlesOf(artist, release))
    .map((title) => ({ title, popularity: trackPopularity(world, title, day) }))
    .sort((a, b) => b.popularity - a.popularity || a.title.track.key.localeCompare(b.title.track.key))
    .slice(0, 10)
    .map(({ title }) => title)

interface Index {
  readonly artists: ReadonlyMap<string, Artist>
  readonly albums: ReadonlyMap<string, { artist: Artist; release: Release }>
  readonly titles: ReadonlyMap<string, Title>
}

const indexes = new WeakMap<World, Index>()

/** Everything by its Spotify id. Made once a world. */
export function indexOf(world: World): Index {
  let index = indexes.get(world)
  if (!index) {
    const releases = world.artists.flatMap((artist) => artist.releases.map((release) => ({ artist, release })))
    const titles = releases.flatMap(({ artist, release }) => titlesOf(artist, release))
    index = {
      artists: new Map(world.artists.map((artist) => [pageId(world, artist), artist])),
      albums: new Map(releases.map((entry) => [albumId(world, entry.release), entry])),
      titles: new Map(titles.map((title) => [trackId(world, title.track), title])),
    }
    indexes.set(world, index)
  }
  return index
}

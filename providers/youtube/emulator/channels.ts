import { type Artist, addDays, type Day, type World } from '@patchbay/kit'

/** What is true of the pretend channels: who has which, and its videos. Days are Pacific. Nothing here knows how YouTube says it. */
export interface Channel {
  readonly id: string
  readonly artist: Artist
  readonly title: string
  readonly handle: string
  readonly createdOn: Day
  readonly hidesSubscribers: boolean
}

export interface Video {
  readonly id: string
  readonly channel: Channel
  readonly title: string
  readonly day: Day
  readonly durationMs: number
  readonly isPrivate: boolean
  readonly hidesLikes: boolean
  readonly commentsOff: boolean
  /** From that day on it is deleted. */
  readonly goneOn: Day | null
  /** Which part of the channel's views since its publication are its own. */
  readonly share: number
}

export function channelOf(artist: Artist, world: World): Channel {
  const key = `youtube/${artist.key}`
  // One in six opened the channel only after the world began.
  const young = artist.index % 6 === 5
  const age = young ? world.integer(`${key}/age`, 60, 300) : -world.integer(`${key}/age`, 200, 4000)
  return {
    id: `UC${world.text(`${key}/id`, 16, base64url)}${encode(artist.index, 5)}${world.text(`${key}/end`, 1, 'AQgw')}`,
    artist,
    title: artist.name,
    handle: `@${artist.key.replaceAll('-', '')}`,
    createdOn: addDays(world.since, age),
    hidesSubscribers: artist.index % 7 === 3,
  }
}

/** The artist's place among all is part of the id, so that finding a channel takes no search. */
export function findChannel(id: string, world: World): Channel | null {
  const artist = world.artists[decode(id.slice(18, 23))]
  const channel = artist && channelOf(artist, world)
  return channel?.id === id ? channel : null
}

/** Everything published up to that day and not deleted, newest first. */
export function videosOf(channel: Channel, world: World, today: Day): Video[] {
  const tracks = channel.artist.releases
    .flatMap(({ tracks }) => tracks)
    .map((_, number) => videoNumber(channel, world, number))
  const videos = tracks.filter((video) => video !== null)
  for (let nth = 0; nth < mostDiaries; nth++) {
    const video = videoNumber(channel, world, firstDiary + nth)
    if (!video || video.day > today) break
    videos.push(video)
  }
  return videos
    .filter((video) => isThere(video, today))
    .sort((one, other) => (one.day < other.day ? 1 : one.day > other.day ? -1 : one.id < other.id ? -1 : 1))
}

export function findVideo(id: string, world: World, today: Day): Video | null {
  const number = decode(id.slice(6, 11))
  const artist = world.artists[Math.floor(number / perArtist)]
  const video = artist ? videoNumber(channelOf(artist, world), world, number % perArtist) : null
  return video?.id === id && isThere(video, today) ? video : null
}

const isThere = (video: Video, today: Day) => video.day <= today && (video.goneOn === null || today < video.goneOn)

/** Video number 0, 1, 2 … is that of a track; from `firstDiary` on they are studio diaries, one every few weeks. */
function videoNumber(channel: Channel, world: World, number: number): Video | null {
  const { artist } = channel
  const key = `youtube/${artist.key}/video/${number}`
  const what = number < firstDiary ? trackVideo(artist, number) : diary(channel, world, number - firstDiary, key)
  if (!what || what.day < channel.createdOn) return null
  return {
    ...what,
    id: world.text(`${key}/id`, 6, base64url) + encode(artist.index * perArtist + number, 5),
    channel,
    // Every fifth artist keeps one diary to themselves, every fourth has deleted one.
    isPrivate: artist.index % 5 === 2 && number === firstDiary + 2,
    hidesLikes: world.unit(`${key}/likes`) < 0.05,
    commentsOff: world.unit(`${key}/comments`) < 0.08,
    goneOn: artist.index % 4 === 1 && number === firstDiary + 3 ? addDays(what.day, 40) : null,
    // Few are seen much and most are seen little: a cube makes it so. Sixty of them share 0.9 on average.
    share: (0.9 / 60) * 4 * world.unit(`${key}/share`) ** 3,
  }
}

function trackVideo(artist: Artist, number: number) {
  let first = 0
  for (const { day, kind, tracks } of artist.releases) {
    const track = tracks[number - first]
    if (track) {
      const label = kind === 'single' && track.number === 1 ? 'Official Video' : 'Official Audio'
      return { title: `${artist.name} – ${track.title} (${label})`, day, durationMs: track.durationMs }
    }
    first += tracks.length
  }
  return null
}

function diary(channel: Channel, world: World, nth: number, key: string) {
  const everyDays = world.integer(`youtube/${channel.artist.key}/diary`, 14, 45)
  const from = channel.createdOn > world.since ? channel.createdOn : world.since
  return {
    title: `${channel.title} – Studio Diary ${nth + 1}`,
    day: addDays(from, nth * everyDays + world.integer(`${key}/day`, 0, 6)),
    durationMs: world.integer(`${key}/duration`, 25, 1500) * 1000,
  }
}

const firstDiary = 2048
const mostDiaries = 2000
const perArtist = 4096

const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

function encode(number: number, length: number): string {
  let text = ''
  for (let place = 0; place < length; place++) {
    // 11 and 64 have no common divisor, so each place is a permutation and the ids do not look counted.
    text = base64url[(Math.floor(number / 64 ** place) * 11 + 23 * place + 7) % 64]! + text
  }
  return text
}

function decode(text: string): number {
  let number = 0
  for (let place = 0; place < text.length; place++) {
    const value = base64url.indexOf(text[text.length - 1 - place]!)
    if (value < 0) return -1
    // 35 undoes 11: 35 × 11 = 385 = 6 × 64 + 1.
    number += (((value - 23 * place - 7 + 640) * 35) % 64) * 64 ** place
  }
  return number
}

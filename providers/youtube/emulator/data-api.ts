import { type EmulatorCall, type EmulatorReply, type Json, type Route, reply, startOfDay } from '@patchbay/kit'
import { pacific } from '../pacific.ts'
import {
  type Channel,
  channelOf,
  findChannel,
  findVideo,
  lifetime,
  type Video,
  videoLifetime,
  videosOf,
} from './channels.ts'
import { wrong } from './refusals.ts'

type Object = { [key: string]: Json }

const scopes = ['https://www.googleapis.com/auth/youtube.readonly']

/** Public things answer an app's key as well; private ones only their owner. */
export const dataRoutes = (base: string): Record<string, Route> => ({
  [`GET ${base}/channels`]: { auth: 'any', scopes, handle: channels },
  [`GET ${base}/playlistItems`]: { auth: 'any', scopes, handle: playlistItems },
  [`GET ${base}/videos`]: { auth: 'any', scopes, handle: videos },
  [`GET ${base}/videos:batchGetStats`]: { auth: 'any', scopes, handle: batchGetStats },
})

function channels(call: EmulatorCall): Json | EmulatorReply {
  const parts = partsOf(call, ['id', 'snippet', 'statistics', 'contentDetails', 'status', 'brandingSettings'])
  if (!Array.isArray(parts)) return parts
  const limit = limitOf(call)
  if (typeof limit !== 'number') return limit
  const mine = call.query.get('mine') === 'true'
  const ids = idsOf(call)
  if (!mine && ids === null) return wrong.noFilter('id, mine, forHandle, forUsername, managedByMe')
  if (mine && call.artist === null) return wrong.notMine()
  if (ids && ids.length > 50) return wrong.tooMany('id')
  const asked = mine
    ? [channelOf(call.artist!, call.world)]
    : [...new Set(ids)].map((id) => findChannel(id, call.world))
  const today = call.today(pacific)
  const found = asked
    .filter((channel) => channel !== null && channel.createdOn <= today)
    .slice(0, limit || undefined) as Channel[]
  const items = found.map((channel) => tagged(call, 'youtube#channel', channelBody(channel, parts, call)))
  // Nobody found is nothing said: the key is missing, not empty.
  return list(call, 'youtube#channelListResponse', items.length > 0 ? { items } : {}, {
    totalResults: items.length,
    resultsPerPage: limit,
  })
}

function channelBody(channel: Channel, parts: readonly string[], call: EmulatorCall): Object {
  const { world } = call
  const day = call.today(pacific)
  const { views, subscribers } = lifetime(channel, world, day)
  const published = videosOf(channel, world, day).filter(({ isPrivate }) => !isPrivate)
  const picture = (size: number): Json => ({
    url: `https://yt3.ggpht.com/sandbox/${channel.artist.key}=s${size}`,
    width: size,
    height: size,
  })
  return {
    id: channel.id,
    ...some(parts, 'snippet', {
      title: channel.title,
      description: '',
      customUrl: channel.handle,
      publishedAt: instant(channel.createdOn),
      thumbnails: { default: picture(88), medium: picture(240), high: picture(800) },
      localized: { title: channel.title, description: '' },
      country: channel.artist.country,
    }),
    ...some(parts, 'contentDetails', { relatedPlaylists: { likes: '', uploads: channel.id.replace(/^UC/, 'UU') } }),
    ...some(parts, 'statistics', {
      viewCount: String(views),
      // A hidden count is a zero that means nothing.
      subscriberCount: channel.hidesSubscribers ? '0' : threeDigits(subscribers),
      hiddenSubscriberCount: channel.hidesSubscribers,
      videoCount: String(published.length),
    }),
    ...some(parts, 'status', {
      privacyStatus: 'public',
      isLinked: true,
      longUploadsStatus: 'longUploadsUnspecified',
      madeForKids: false,
    }),
    ...some(parts, 'brandingSettings', { channel: { title: channel.title, country: channel.artist.country } }),
  }
}

/** The digits after the third become zeros: `48213` is `48200`. */
const threeDigits = (count: number): string => {
  const digits = String(count)
  return digits.slice(0, 3) + '0'.repeat(Math.max(0, digits.length - 3))
}

function playlistItems(call: EmulatorCall): Json | EmulatorReply {
  const parts = partsOf(call, ['id', 'snippet', 'contentDetails', 'status'])
  if (!Array.isArray(parts)) return parts
  const limit = limitOf(call)
  if (typeof limit !== 'number') return limit
  const playlist = call.query.get('playlistId')
  if (playlist === null) return wrong.noFilter('id, playlistId')
  const channel = playlist.startsWith('UU') ? findChannel(playlist.replace(/^UU/, 'UC'), call.world) : null
  if (!channel) return wrong.playlist()
  const owner = call.artist?.key === channel.artist.key
  const all = videosOf(channel, call.world, call.today(pacific)).filter(({ isPrivate }) => owner || !isPrivate)
  if (all.length === 0) return wrong.playlist()
  const offset = readToken(call.query.get('pageToken'))
  if (offset === null) return wrong.pageToken()
  const page = all.slice(offset, offset + (limit || 5))
  const items = page.map((video, index) =>
    tagged(call, 'youtube#playlistItem', {
      id: call.world.text(`${playlist}/${video.id}`, 47),
      ...some(parts, 'snippet', {
        publishedAt: instant(video.day),
        channelId: channel.id,
        title: video.title,
        description: '',
        thumbnails: thumbnails(video),
        channelTitle: channel.title,
        playlistId: playlist,
        position: offset + index,
        resourceId: { kind: 'youtube#video', videoId: video.id },
        videoOwnerChannelTitle: channel.title,
        videoOwnerChannelId: channel.id,
      }),
      ...some(parts, 'contentDetails', {
        videoId: video.id,
        ...(video.isPrivate ? {} : { videoPublishedAt: instant(video.day) }),
      }),
      ...some(parts, 'status', { privacyStatus: video.isPrivate ? 'private' : 'public' }),
    }),
  )
  const next = offset + page.length
  const tokens = {
    ...(next < all.length ? { nextPageToken: writeToken(next) } : {}),
    ...(offset > 0 ? { prevPageToken: writeToken(Math.max(0, offset - limit)) } : {}),
  }
  return list(
    call,
    'youtube#playlistItemListResponse',
    { ...tokens, items },
    { totalResults: all.length, resultsPerPage: limit },
  )
}

function videos(call: EmulatorCall): Json | EmulatorReply {
  const parts = partsOf(call, ['id', 'snippet', 'contentDetails', 'status', 'statistics'])
  if (!Array.isArray(parts)) return parts
  const found = visibleVideos(call)
  if (!Array.isArray(found)) return found
  const items = found.map((video) =>
    tagged(call, 'youtube#video', {
      id: video.id,
      ...some(parts, 'snippet', {
        publishedAt: instant(video.day),
        channelId: video.channel.id,
        title: video.title,
        description: '',
        thumbnails: thumbnails(video),
        channelTitle: video.channel.title,
        categoryId: '10',
        liveBroadcastContent: 'none',
      }),
      ...some(parts, 'contentDetails', {
        duration: isoDuration(video.durationMs),
        dimension: '2d',
        definition: 'hd',
        caption: 'false',
      }),
      ...some(parts, 'status', {
        uploadStatus: 'processed',
        privacyStatus: video.isPrivate ? 'private' : 'public',
        license: 'youtube',
      }),
      ...some(parts, 'statistics', { ...counters(video, call), favoriteCount: '0' }),
    }),
  )
  return list(
    call,
    'youtube#videoListResponse',
    { items },
    { totalResults: items.length, resultsPerPage: items.length },
  )
}

function batchGetStats(call: EmulatorCall): Json | EmulatorReply {
  const parts = partsOf(call, ['id', 'snippet', 'statistics', 'contentDetails'])
  if (!Array.isArray(parts)) return parts
  const found = visibleVideos(call)
  if (!Array.isArray(found)) return found
  const items = found.map((video) =>
    tagged(call, 'youtube#videoStats', {
      id: video.id,
      ...some(parts, 'snippet', { publishTime: instant(video.day) }),
      ...some(parts, 'statistics', counters(video, call)),
      ...some(parts, 'contentDetails', {
        duration: isoDuration(video.durationMs),
        durationMillis: String(video.durationMs),
      }),
    }),
  )
  return list(call, 'youtube#batchGetStatsResponse', { items })
}

/** Those of the asked videos that the caller may see; nothing is said about the others. */
function visibleVideos(call: EmulatorCall): Video[] | EmulatorReply {
  const ids = idsOf(call)
  if (ids === null) return wrong.noFilter('id, chart, myRating')
  if (ids.length > 50) return wrong.tooMany('id')
  return [...new Set(ids)]
    .map((id) => findVideo(id, call.world, call.today(pacific)))
    .filter((video) => video !== null && (!video.isPrivate || call.artist?.key === video.channel.artist.key)) as Video[]
}

function counters(video: Video, call: EmulatorCall): Object {
  const { views, likes, comments } = videoLifetime(video, call.world, call.today(pacific))
  return {
    viewCount: String(views),
    ...(video.hidesLikes ? {} : { likeCount: String(likes) }),
    ...(video.commentsOff ? {} : { commentCount: String(comments) }),
  }
}

const idsOf = ({ query }: EmulatorCall): string[] | null => {
  const ids = query.getAll('id').flatMap((value) => value.split(','))
  return ids.some(Boolean) ? ids.filter(Boolean) : null
}

function partsOf({ query }: EmulatorCall, known: readonly string[]): string[] | EmulatorReply {
  const parts = query
    .getAll('part')
    .flatMap((value) => value.split(','))
    .filter(Boolean)
  if (parts.length === 0) return wrong.noPart()
  const unknown = parts.find((part) => !known.includes(part))
  return unknown === undefined ? parts : wrong.unknownPart(unknown)
}

function limitOf({ query }: EmulatorCall): number | EmulatorReply {
  const asked = query.get('maxResults')
  if (asked === null) return 5
  return /^\d+$/.test(asked) && Number(asked) <= 50 ? Number(asked) : wrong.range('maxResults', asked)
}

const some = (parts: readonly string[], part: string, body: Json): Object =>
  parts.includes(part) ? { [part]: body } : {}

const tagged = ({ world }: EmulatorCall, kind: string, body: Object): Object => ({
  kind,
  etag: tagOf(world, body),
  ...body,
})

/** The whole answer, with a tag that changes when anything in it does; who has that one already gets 304. */
function list(call: EmulatorCall, kind: string, body: Object, pageInfo?: Json): EmulatorReply {
  const whole = pageInfo === undefined ? body : { ...body, pageInfo }
  const etag = tagOf(call.world, whole)
  const known = call.headers['if-none-match']?.replaceAll('"', '')
  return known === etag ? reply(304, null, { etag }) : reply(200, { kind, etag, ...whole }, { etag })
}

const tagOf = (world: EmulatorCall['world'], body: Json) => world.text(JSON.stringify(body), 27)

/** `EAAaB` and the place: YouTube's own tokens look like it. */
const writeToken = (offset: number) => `EAAaB${btoa(`PT:${offset}`).replaceAll('=', '')}`

function readToken(token: string | null): number | null {
  if (token === null || token === '') return 0
  try {
    const place = /^PT:(\d+)$/.exec(atob(token.replace(/^EAAaB/, '')))?.[1]
    return token.startsWith('EAAaB') && place !== undefined ? Number(place) : null
  } catch {
    return null
  }
}

/** Things appear when the Pacific day begins. */
const instant = (day: string) => new Date(startOfDay(day, pacific)).toISOString().replace('.000Z', 'Z')

const thumbnails = ({ id }: Video): Json => ({
  default: { url: `https://i.ytimg.com/vi/${id}/default.jpg`, width: 120, height: 90 },
  medium: { url: `https://i.ytimg.com/vi/${id}/mqdefault.jpg`, width: 320, height: 180 },
  high: { url: `https://i.ytimg.com/vi/${id}/hqdefault.jpg`, width: 480, height: 360 },
})

/** `PT3M12S`. */
function isoDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return `PT${parts.map((amount, index) => (amount > 0 ? `${amount}${'HMS'[index]}` : '')).join('')}`
}

import type { EmulatorCall, EmulatorReply, Json } from '@patchbay/kit'
import { pacific } from '../pacific.ts'
import { findChannel, findVideo, type Video, videosOf } from './channels.ts'
import {
  idsOf,
  instant,
  type JsonObject,
  limitOf,
  list,
  partsOf,
  readToken,
  some,
  tagged,
  writeToken,
} from './dialect.ts'
import { videoLifetime } from './numbers.ts'
import { wrong } from './refusals.ts'

export function playlistItems(call: EmulatorCall): Json | EmulatorReply {
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

export function videos(call: EmulatorCall): Json | EmulatorReply {
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

export function batchGetStats(call: EmulatorCall): Json | EmulatorReply {
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

function counters(video: Video, call: EmulatorCall): JsonObject {
  const { views, likes, comments } = videoLifetime(video, call.world, call.today(pacific))
  return {
    viewCount: String(views),
    ...(video.hidesLikes ? {} : { likeCount: String(likes) }),
    ...(video.commentsOff ? {} : { commentCount: String(comments) }),
  }
}

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

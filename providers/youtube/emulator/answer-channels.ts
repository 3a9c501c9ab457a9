import type { EmulatorCall, EmulatorReply, Json } from '@patchbay/kit'
import { pacific } from '../pacific.ts'
import { type Channel, channelOf, findChannel, videosOf } from './channels.ts'
import { idsOf, instant, type JsonObject, limitOf, list, partsOf, some, tagged } from './dialect.ts'
import { lifetime } from './numbers.ts'
import { wrong } from './refusals.ts'

export function channels(call: EmulatorCall): Json | EmulatorReply {
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

function channelBody(channel: Channel, parts: readonly string[], call: EmulatorCall): JsonObject {
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

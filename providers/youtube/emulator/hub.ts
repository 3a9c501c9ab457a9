import {
  type Artist,
  dayMs,
  dayOf,
  type EmulatedWebhooks,
  type EmulatorCall,
  type EmulatorReply,
  hour,
  minute,
  reply,
  second,
  startOfDay,
  type World,
} from '@patchbay/kit'
import { pacific } from '../pacific.ts'
import { channelOf, findChannel, type Video, videosOf } from './channels.ts'
import { instant } from './dialect.ts'

/** Google's WebSub hub: it tells of new videos, and of deleted ones (developers.google.com/youtube/v3/guides/push_notifications). */
export const webhooks: EmulatedWebhooks = {
  signs: 'webSub',
  contentType: 'application/atom+xml',
  retriesMs: [10 * second, minute, 10 * minute, hour, 6 * hour],
  timeoutMs: 30 * second,
  source:
    'guess: the hub tries some times more with longer and longer waits (w3.org/TR/websub, 7); how often is not said',
  ask: ({ mode, topic, leaseSeconds, verifyToken, challenge }) => ({
    ...{ 'hub.mode': mode, 'hub.topic': topic ?? '', 'hub.challenge': challenge },
    ...(leaseSeconds !== null && mode === 'subscribe' && { 'hub.lease_seconds': String(leaseSeconds) }),
    ...(verifyToken !== '' && { 'hub.verify_token': verifyToken }),
  }),
  topic: (artist, world) => topicOf(channelOf(artist, world).id),
  kinds: {
    video: ({ artist, world, key, at }) => told(artist, world, key, at),
    deleted: ({ artist, world, key, at }) => told(artist, world, key, at),
  },
  *happened(artist, world, from, to) {
    const channel = channelOf(artist, world)
    const found: { kind: string; key: string; at: number }[] = []
    // One that was deleted meanwhile is among those of the day before.
    for (const day of new Set([dayOf(from, pacific), dayOf(to - dayMs, pacific), dayOf(to, pacific)]))
      for (const video of videosOf(channel, world, day).filter(({ isPrivate }) => !isPrivate)) {
        found.push({ kind: 'video', key: video.id, at: Date.parse(instant(video.day)) })
        if (video.goneOn !== null) found.push({ kind: 'deleted', key: video.id, at: startOfDay(video.goneOn, pacific) })
      }
    const once = new Map(found.map((event) => [`${event.kind} ${event.key}`, event]))
    yield* [...once.values()].filter(({ at }) => at > from && at <= to).sort((one, other) => one.at - other.at)
  },
  write([event], world) {
    const { kind, artist, at, data } = event!
    const { videoId, title, published, updated } = data as Record<string, string>
    const { id, title: name } = channelOf(artist, world)
    const head = `<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns="http://www.w3.org/2005/Atom"><link rel="hub" href="https://pubsubhubbub.appspot.com"/><link rel="self" href="${topicOf(id)}"/><title>YouTube video feed</title><updated>${offset(at)}</updated>`
    const channel = `<name>${escaped(name)}</name><uri>https://www.youtube.com/channel/${id}</uri>`
    if (kind === 'deleted')
      return `<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns:at="http://purl.org/atompub/tombstones/1.0" xmlns="http://www.w3.org/2005/Atom"><at:deleted-entry ref="yt:video:${videoId}" when="${offset(at)}"><link href="https://www.youtube.com/watch?v=${videoId}"/><at:by>${channel}</at:by></at:deleted-entry></feed>`
    return `<?xml version="1.0" encoding="UTF-8"?>\n${head}<entry><id>yt:video:${videoId}</id><yt:videoId>${videoId}</yt:videoId><yt:channelId>${id}</yt:channelId><title>${escaped(title!)}</title><link rel="alternate" href="https://www.youtube.com/watch?v=${videoId}"/><author>${channel}</author><published>${published}</published><updated>${updated}</updated></entry></feed>`
  },
}

/** The video that the key names, or the newest. */
function told(artist: Artist, world: World, key: string, at: number) {
  const videos = videosOf(channelOf(artist, world), world, dayOf(at, pacific)).filter(({ isPrivate }) => !isPrivate)
  const gone = () => videosOf(channelOf(artist, world), world, dayOf(at - dayMs, pacific))
  const video: Video | undefined =
    videos.find(({ id }) => id === key) ?? gone().find(({ id }) => id === key) ?? videos[0]
  const published = video ? Date.parse(instant(video.day)) : at
  return {
    ...{ videoId: video?.id ?? 'AAAAAAAAAAA', title: video?.title ?? artist.name },
    ...{ published: offset(published), updated: offset(Math.max(at, published) + 30 * second) },
  }
}

/** The topic as it is documented, and as many clients still write it. */
const topics = /^https:\/\/www\.youtube\.com(?:\/xml)?\/feeds\/videos\.xml\?channel_id=([\w-]{24})$/

const topicOf = (channelId: string) => `https://www.youtube.com/xml/feeds/videos.xml?channel_id=${channelId}`

/** Answers at once and asks the address afterwards. What nobody publishes can be subscribed to as well, and nothing ever comes. */
export function subscribe({ form, world, subscriptions }: EmulatorCall): EmulatorReply {
  const [mode, callback, topic] = [form.get('hub.mode'), form.get('hub.callback'), form.get('hub.topic') ?? '']
  if (mode !== 'subscribe' && mode !== 'unsubscribe') return refused('Invalid value for hub.mode')
  if (callback === null || !/^https?:/.test(callback) || !URL.canParse(callback))
    return refused('Invalid parameter: hub.callback; must be valid URI with no fragment and optional port')
  const channel = topics.exec(topic)
  if (!channel) return refused('Invalid value for hub.topic')
  const secret = form.get('hub.secret')
  if (secret !== null && new TextEncoder().encode(secret).length > 200) return refused('hub.secret is too long')
  const found = findChannel(channel[1]!, world)
  const asked = Number(form.get('hub.lease_seconds') ?? usualLease)
  if (mode === 'unsubscribe') subscriptions.end(topicOf(channel[1]!), { callback })
  else if (found) {
    const leaseSeconds = Number.isFinite(asked) && asked > 0 ? Math.min(asked, longestLease) : usualLease
    subscriptions.begin({
      ...{ topic: topicOf(channel[1]!), artist: found.artist.key, app: null, callback, secret, kinds: null },
      leaseMs: leaseSeconds * 1000,
    })
  }
  return reply(202, '', { 'content-type': 'text/plain' })
}

/** Guesses: what clients ask for lies between them. */
const [usualLease, longestLease] = [432_000, 828_000]

const refused = (why: string) => reply(400, why, { 'content-type': 'text/plain; charset=utf-8' })

/** `2026-11-20T15:01:00+00:00`. */
const offset = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, '+00:00')

const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[letter]!)

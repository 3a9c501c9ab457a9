import {
  type Artist,
  addDays,
  dayMs,
  dayOf,
  type EmulatedEvent,
  type EmulatedEventContext,
  type EmulatedWebhooks,
  hour,
  type Json,
  minute,
  type Route,
  second,
  type World,
} from '@patchbay/kit'
import { accountId, keyOf } from './account.ts'
import { graphError } from './graph.ts'
import { mediaNumbers, type PretendMedia, postsOf, storiesOf } from './media.ts'

/**
 * What Instagram tells an app of: comments, mentions and messages as they come, and a story's numbers when it ends. Nothing is sent for likes,
 * followers or numbers that changed.
 */
export const webhooks: EmulatedWebhooks = {
  signs: 'meta',
  contentType: 'application/json',
  retriesMs: [0, minute, 5 * minute, 15 * minute, hour, 3 * hour, 6 * hour, 12 * hour, 13 * hour],
  timeoutMs: 20 * second,
  source:
    'guess: developers.facebook.com/docs/graph-api/webhooks/getting-started says at once, then less often, for 36 hours; how often and how long an answer may take is not said',
  mostEvents: 1000,
  ask: ({ verifyToken, challenge }) => ({
    ...{ 'hub.mode': 'subscribe', 'hub.challenge': challenge, 'hub.verify_token': verifyToken },
  }),
  topic: accountId,
  kinds: {
    comments: comment,
    live_comments: comment,
    mentions: ({ key, artist, world, at }) => ({
      media_id: postOf(artist, world, key, at)?.id ?? idOf(world, '17', key),
      comment_id: idOf(world, '17', `${key}/comment`),
    }),
    story_insights({ key, artist, world, at }) {
      const story = storiesOf(artist, world, at - dayMs).find((one) => key.startsWith(one.id))
      const reach = story ? mediaNumbers(artist, world, story, dayOf(at)).reach : 44
      const seen = story ? mediaNumbers(artist, world, story, dayOf(at)).views : 52
      // The old names of its numbers, with which it is documented; that they outlived the change of the metrics is a guess.
      return {
        ...{ media_id: story?.id ?? idOf(world, '18', key), impressions: seen, reach },
        ...{ taps_forward: Math.floor(seen / 5), taps_back: Math.floor(seen / 30), exits: Math.floor(seen / 12) },
        replies: Math.floor(reach / 200),
      }
    },
    messages: (about) => ({ ...parties(about), message: { mid: mid(about), text: 'When do you play near us?' } }),
    message_reactions: (about) => ({
      ...parties(about),
      reaction: { mid: mid(about), action: 'react', reaction: 'love', emoji: '❤' },
    }),
  },
  *happened(artist, world, from, to) {
    const found: { kind: string; key: string; at: number }[] = []
    for (let day = dayOf(from); day <= dayOf(to); day = addDays(day, 1)) {
      const start = Date.parse(`${day}T00:00:00Z`)
      const during = (kind: string, prefix: string, count: number) => {
        for (let nth = 0; nth < count; nth++) {
          const key = `${prefix} ${kind}/${day}/${nth}`
          const at = start + Math.floor(world.unit(`${keyOf(artist)}/${key}`) * dayMs)
          if (at > from && at <= to) found.push({ kind, key, at })
        }
      }
      for (const post of recentPosts(artist, world, start + dayMs)) {
        const before = post.at > start ? 0 : mediaNumbers(artist, world, post, addDays(day, -1)).comments
        const more = mediaNumbers(artist, world, post, day).comments - before
        during('comments', post.id, Math.min(mostComments, more))
      }
      during('mentions', '', world.integer(`${keyOf(artist)}/mentions/${day}`, 0, 2))
      during('messages', '', world.integer(`${keyOf(artist)}/messages/${day}`, 0, 3))
      for (const story of storiesOf(artist, world, start))
        if (story.at + dayMs > from && story.at + dayMs <= to)
          found.push({ kind: 'story_insights', key: story.id, at: story.at + dayMs })
    }
    // A comment may not come before its post.
    const posts = new Map(recentPosts(artist, world, to).map(({ id, at }) => [id, at]))
    yield* found
      .filter(
        ({ kind, key, at }) => kind !== 'comments' || at >= (posts.get(key.split(' ')[0]!) ?? Number.POSITIVE_INFINITY),
      )
      .sort((one, other) => one.at - other.at)
  },
  write(events, world) {
    const byAccount = Map.groupBy(events, ({ artist }) => artist)
    const entry = [...byAccount].map(([artist, own]) => ({
      id: accountId(artist, world),
      time: Math.floor(own.at(-1)!.at / 1000),
      ...listOf(
        'changes',
        own.filter(({ kind }) => !isMessage(kind)),
        ({ kind, data }) => ({ field: kind, value: data }),
      ),
      ...listOf(
        'messaging',
        own.filter(({ kind }) => isMessage(kind)),
        ({ data }) => data,
      ),
    }))
    // What is not ASCII goes out escaped, so that only the raw bytes give the right hash.
    return JSON.stringify({ object: 'instagram', entry }).replace(
      /[\u0080-\uffff]/g,
      (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  },
}

/** Posts that are still talked about, and how much of it is told of a day: the pretend world keeps it short. */
const recentMs = 14 * dayMs
const mostComments = 20

const recentPosts = (artist: Artist, world: World, now: number) =>
  postsOf(artist, world, now).filter(({ at }) => at > now - recentMs)

function comment({ artist, world, key, at }: EmulatedEventContext): Json {
  const post = postOf(artist, world, key, at)
  const text = ['schön', 'on repeat 🖤', 'come to Lisbon', 'that bridge', 'first!'][world.integer(`${key}/text`, 0, 4)]!
  return {
    id: idOf(world, '17', `${key}/id`),
    from: { id: idOf(world, '10', `${key}/fan`), username: `fan.${world.integer(`${key}/fan`, 100, 999)}` },
    text,
    media: { id: post?.id ?? idOf(world, '17', key), media_product_type: post?.product ?? 'FEED' },
  }
}

/** The one that the key names, or the newest. */
function postOf(artist: Artist, world: World, key: string, at: number): PretendMedia | undefined {
  const posts = postsOf(artist, world, at)
  return posts.find(({ id }) => key.startsWith(`${id} `)) ?? posts[0]
}

const parties = ({ artist, world, key, at }: EmulatedEventContext) => ({
  sender: { id: idOf(world, '10', `${key}/fan`) },
  recipient: { id: accountId(artist, world) },
  timestamp: at,
})

const mid = ({ world, key }: EmulatedEventContext) => `aWdf${world.text(`instagram/${key}/mid`, 24)}`

const idOf = (world: World, prefix: string, key: string) => prefix + world.text(`instagram/${key}`, 15, '0123456789')

const isMessage = (kind: string) => kind.startsWith('message')

function listOf(name: string, events: readonly EmulatedEvent[], write: (event: EmulatedEvent) => Json) {
  return events.length === 0 ? {} : { [name]: events.map(write) }
}

/** `…/{user}/subscribed_apps`: every POST says all fields anew (developers.facebook.com/docs/instagram-platform/webhooks). */
export const subscribedApps = {
  subscribe({ artist, world, query, app, scopes, subscriptions }) {
    const kinds = (query.get('subscribed_fields') ?? '').split(',').filter(Boolean)
    if (kinds.length === 0) return graphError(400, 100, '(#100) The parameter subscribed_fields is required.')
    const unknown = kinds.findIndex((kind) => !offered.includes(kind))
    if (unknown >= 0)
      return graphError(400, 100, `(#100) Param subscribed_fields[${unknown}] must be one of {${offered.join(', ')}}`)
    const needed = kinds.map((kind) => permission(kind)).find((scope) => !scopes.includes(scope))
    if (needed) return graphError(403, 10, `(#10) To subscribe to these fields the app needs the permission ${needed}`)
    const topic = accountId(artist!, world)
    subscriptions.begin({
      ...{ topic, artist: artist!.key, app: app.clientId, callback: null, secret: null, kinds, leaseMs: null },
    })
    return { success: true }
  },
  list: ({ artist, world, app, subscriptions }) => ({
    data: subscriptions
      .of(accountId(artist!, world))
      .filter((one) => one.app === app.clientId)
      .map(({ kinds }) => ({ id: app.clientId, subscribed_fields: [...(kinds ?? [])] })),
  }),
  unsubscribe({ artist, world, app, subscriptions }) {
    subscriptions.end(accountId(artist!, world), { app: app.clientId })
    return { success: true }
  },
} as const satisfies Record<string, Route['handle']>

/** A story's numbers are told with Facebook Login only, so not to this app; it can be triggered all the same. */
const permission = (kind: string) =>
  isMessage(kind) ? 'instagram_business_manage_messages' : 'instagram_business_manage_comments'

const offered = ['comments', 'live_comments', 'mentions', 'messages', 'message_reactions']

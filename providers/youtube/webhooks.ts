import { at, dayMs, defineWebhooks, handshakes, type Json, signatures, type WebhookEvent } from '@patchbay/kit'

/**
 * Google's WebSub hub tells of new and changed videos of a channel, and of deleted ones (developers.google.com/youtube/v3/guides/push_notifications).
 * A change of the title comes as the same entry with another `updated`; nothing is ever told of numbers.
 */
export const webhooks = defineWebhooks({
  // The hub signs with what it was told when it was subscribed to: a key made of the client secret, which does not give that secret.
  verify: signatures.webSub(),
  handshakes: [handshakes.webSub()],
  events: (body) => (typeof body === 'string' ? [...published(body), ...deleted(body)] : []),
  wakes: { video: 'videos', deleted: 'videos' },
  subscription: {
    topic: (account) => `https://www.youtube.com/xml/feeds/videos.xml?channel_id=${account}`,
    kinds: { video: null, deleted: null },
    // Nothing says how long the hub lets a subscription hold; it says so itself when it asks. Clients ask for five to ten days.
    leaseMs: 8 * dayMs,
    keyLabel: 'websub',
    announces: { video: (data) => String(at(data, 'videoId') ?? '') || null },
    confirmedBy: 'handshake',
    begin: (context) => ask('subscribe', context),
    end: (context) => ask('unsubscribe', context),
    source:
      'developers.google.com/youtube/v3/guides/push_notifications and w3.org/TR/websub, read 2026-11-22; eight days are a guess, the longest lease is not published',
  },
})

type Asked = Parameters<NonNullable<typeof webhooks.subscription>['begin']>[0]

function ask(mode: 'subscribe' | 'unsubscribe', { http, topic, callbackUrl, secret, leaseSeconds }: Asked) {
  return http({
    ...{ method: 'POST', host: 'hub', path: '/subscribe', idempotent: true },
    form: {
      ...{ 'hub.mode': mode, 'hub.topic': topic, 'hub.callback': callbackUrl, 'hub.verify': 'async' },
      ...(mode === 'subscribe' && { 'hub.secret': secret, 'hub.lease_seconds': String(leaseSeconds) }),
    },
  })
}

const entries = /<entry>([\s\S]*?)<\/entry>/g

function* published(xml: string): Generator<WebhookEvent> {
  for (const [, entry = ''] of xml.matchAll(entries)) {
    const [videoId, channelId] = [textOf(entry, 'yt:videoId'), textOf(entry, 'yt:channelId')]
    if (videoId === null || channelId === null) continue
    const updated = textOf(entry, 'updated')
    const data: Json = { videoId, title: textOf(entry, 'title'), published: textOf(entry, 'published'), updated }
    yield { account: channelId, type: 'video', id: `${videoId}/${updated ?? ''}`, data }
  }
}

function* deleted(xml: string): Generator<WebhookEvent> {
  for (const [whole, videoId, when] of xml.matchAll(
    /<at:deleted-entry ref="yt:video:([\w-]+)" when="([^"]*)"[\s\S]*?<\/at:deleted-entry>/g,
  )) {
    const channelId = /<uri>https?:\/\/www\.youtube\.com\/channel\/([\w-]{24})<\/uri>/.exec(whole)?.[1]
    if (channelId === undefined) continue
    const id = `deleted/${videoId}/${when}`
    yield { account: channelId, type: 'deleted', id, data: { videoId: videoId!, deleted: when! } }
  }
}

/** The feed is flat and without attributes on these: the first of a name is the entry's own. */
function textOf(entry: string, name: string): string | null {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(entry)?.[1]
  if (found === undefined) return null
  return found.replace(/&(amp|lt|gt|quot|apos);/g, (_, word: keyof typeof entities) => entities[word])
}

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" } as const

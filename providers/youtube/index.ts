import {
  defineProvider,
  Fault,
  type IdentifyContext,
  type Identity,
  type Json,
  oauth2,
  type TokenAnswer,
  z,
} from '@patchbay/kit'
import emulator from './emulator.ts'
import { errors } from './errors.ts'
import { costs, quotas } from './quotas.ts'
import { readAnswer } from './streams/answer.ts'
import { audience } from './streams/audience.ts'
import { channel } from './streams/channel.ts'
import { daily } from './streams/daily.ts'
import { videos } from './streams/videos.ts'
import { viewEpochs } from './view-epochs.ts'
import { webhooks } from './webhooks.ts'

export default defineProvider({
  id: 'youtube',
  name: 'YouTube',
  category: 'social',
  summary: 'Subscribers, views and watch time of a channel, its videos with their counters, and who watches',
  docs: 'https://developers.google.com/youtube/v3/docs',
  preflight: [
    'The Google account has a YouTube channel. To make one: youtube.com, profile picture, “Create a channel”.',
    'For a channel that belongs to a brand account, choose that channel, not your own name, when Google asks.',
    'Leave both boxes ticked on Google’s consent page: one is for the channel, the other for its statistics.',
  ],

  auth: oauth2({
    authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
    tokenUrl: 'https://oauth2.googleapis.com/token',
    revokeUrl: 'https://oauth2.googleapis.com/revoke',
    client: 'body',
    pkce: 'S256',
    scopes: {
      always: [
        'https://www.googleapis.com/auth/youtube.readonly',
        'https://www.googleapis.com/auth/yt-analytics.readonly',
      ],
    },
    // Without `offline` there is no refresh token, and without `consent` only the very first time.
    authorizeParams: { access_type: 'offline', prompt: 'consent', include_granted_scopes: 'true' },
    answer: readTokens,
    refresh: { model: 'keeps' },
    idle: {
      days: 180,
      source: 'developers.google.com/identity/protocols/oauth2, "Refresh token expiration": six months',
    },
    app: { kind: 'key', setting: 'apiKey', carry: { query: 'key' } },
  }),
  settings: {
    apiKey: {
      label: 'API key',
      help: 'Of the same Google Cloud project. Reads 50 channels at once; without it a connected account’s own token does.',
      secret: true,
      required: false,
    },
  },

  api: {
    baseUrl: 'https://www.googleapis.com/youtube/v3',
    hosts: { analytics: 'https://youtubeanalytics.googleapis.com/v2', hub: 'https://pubsubhubbub.appspot.com' },
    bareHosts: ['hub'],
    quotas,
    costs,
    errors,
  },

  identify,

  streams: { channel, daily, videos, audience },
  webhooks,

  notOffered: {
    'engagement.impressions_daily':
      'Thumbnail impressions are only in YouTube’s bulk reach reports (since 2026-01-15), which are not read here',
    'engagement.ctr_daily': 'The click-through rate is only in YouTube’s bulk reach reports (since 2026-01-15)',
    'engagement.dislikes':
      'YouTube shows dislikes to the owner of a video only, and not in the batch that is read here',
    'engagement.shares': 'YouTube counts shares by day, not over a lifetime',
    'engagement.saves': 'YouTube has no count of saved videos',
    'engagement.reach': 'Unique viewers are shown in YouTube Studio only',
    'engagement.reach_daily': 'Unique viewers are shown in YouTube Studio only',
    'audience.monthly_listeners': 'The monthly audience is shown in YouTube Studio only',
    'consumption.streams': 'YouTube counts views. Streams on YouTube Music are not in this API',
    'revenue.estimated_daily': 'Revenue needs the monetary permission, which this connector does not ask for',
  },
  epochs: viewEpochs,
  emulator,
})

const mine = z.object({
  items: z
    .array(
      z.object({
        id: z.string(),
        snippet: z.object({
          title: z.string(),
          customUrl: z.string().optional(),
          thumbnails: z.record(z.string(), z.object({ url: z.string() })).default({}),
        }),
      }),
    )
    .default([]),
})

/** Google asks which channel to connect, so a consent reaches exactly one; there is no other name for who consented. */
async function identify({ http }: IdentifyContext): Promise<Identity> {
  const { items } = readAnswer(
    mine,
    await http.get('/channels', { part: 'snippet', mine: true, maxResults: 50 }),
    '/channels',
  )
  const accounts = items.map(({ id, snippet }) => ({
    id,
    name: snippet.title,
    handle: snippet.customUrl,
    url: `https://www.youtube.com/channel/${id}`,
    imageUrl: (snippet.thumbnails.high ?? snippet.thumbnails.default)?.url,
    kind: 'channel' as const,
    ownership: 'owned' as const,
  }))
  const [first] = accounts
  if (!first) {
    throw new Fault(
      'connection.unsuitable',
      'This Google account has no YouTube channel. Create one on youtube.com, or connect again and choose the brand account that has the channel.',
      { path: '/channels' },
    )
  }
  return { subject: { id: first.id, name: first.name }, accounts }
}

/** A refresh answers without a refresh token. One with an end date comes from an app in testing (7 days) or from access granted for a while. */
function readTokens(body: Json): TokenAnswer | null {
  const read = tokens.safeParse(body)
  if (!read.success) return null
  const { access_token, refresh_token, expires_in, refresh_token_expires_in, scope } = read.data
  return {
    accessToken: access_token,
    refreshToken: refresh_token,
    expiresInSeconds: expires_in,
    refreshExpiresInSeconds: refresh_token_expires_in,
    scopes: scope?.split(' ').filter(Boolean),
  }
}

const tokens = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  expires_in: z.number().optional(),
  refresh_token_expires_in: z.number().optional(),
  scope: z.string().optional(),
})

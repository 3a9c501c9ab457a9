import { at, dayMs, defineProvider, hour, type Json, oauth2, type TokenAnswer } from '@patchbay/kit'
import emulator from './emulator.ts'
import { errors } from './errors.ts'
import { identify } from './identify.ts'
import { daily } from './streams/daily.ts'
import { demographics } from './streams/demographics.ts'
import { media } from './streams/media.ts'
import { profile } from './streams/profile.ts'
import { stories } from './streams/stories.ts'
import { webhooks } from './webhooks.ts'

const businessLogin =
  'developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login, read 2026-09-11'
const rateLimiting = 'developers.facebook.com/docs/graph-api/overview/rate-limiting, read 2026-08-13'

export default defineProvider({
  id: 'instagram',
  name: 'Instagram',
  category: 'social',
  summary: 'Followers, posts, Reels, stories, daily reach and views, and who follows, of a professional account',
  docs: 'https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login',
  preflight: [
    'The account must be a professional one: Creator or Business. In the Instagram app: Settings, Account type and tools, Switch to professional account. It is free and can be undone.',
    'Sign in to the right account on instagram.com first: the consent page takes whichever is signed in.',
    'Leave both permissions switched on. Without insights only the profile can be read.',
    'Age, gender and country of the followers appear from 100 followers on.',
  ],

  auth: oauth2({
    authorizeUrl: 'https://www.instagram.com/oauth/authorize',
    tokenUrl: 'https://api.instagram.com/oauth/access_token',
    client: 'body',
    pkce: 'ignored',
    scopes: { always: ['instagram_business_basic', 'instagram_business_manage_insights'], separator: ',' },
    code: (raw) => raw.replace(/#_$/, ''),
    answer: readTokens,
    // The code gives a token of one hour; this one lives for 60 days.
    lengthen: {
      method: 'GET',
      url: 'https://graph.instagram.com/access_token',
      params: { grant_type: 'ig_exchange_token', client_secret: '{clientSecret}', access_token: '{accessToken}' },
    },
    refresh: {
      model: 'extends',
      request: {
        method: 'GET',
        url: 'https://graph.instagram.com/refresh_access_token',
        params: { grant_type: 'ig_refresh_token', access_token: '{accessToken}' },
      },
      minAgeMs: dayMs,
      refreshAfterMs: 30 * dayMs,
      source: businessLogin,
    },
    accessLifetimeSeconds: (60 * dayMs) / 1000,
  }),

  settings: {
    verifyToken: {
      label: 'Webhook verify token',
      help: 'Any text of your choice. Type the same into the webhook settings of the Meta app.',
      secret: true,
      sandbox: 'sandbox-verify-token',
    },
  },

  api: {
    // Supported for two years; an ended version is silently answered by the next one.
    baseUrl: 'https://graph.instagram.com/v26.0',
    quotas: [
      {
        id: 'account',
        per: 'account',
        limit: 4800,
        window: { rollingMs: dayMs },
        unit: 'calls',
        source: `guess: the limit is 4800 × impressions of the last 24 hours with a floor that is not published; this is one impression. The usage header tightens it (${rateLimiting})`,
      },
      {
        id: 'app',
        per: 'app',
        limit: 20_000,
        window: { rollingMs: hour },
        unit: 'calls',
        source: `guess: the limit is 200 × users an hour, and nothing says how many users are counted; this is 100. The usage header tightens it (${rateLimiting})`,
      },
    ],
    errors,
  },

  identify,
  probe: ({ http }) => http.get('/me', { fields: 'user_id' }),

  streams: { profile, media, daily, stories, demographics },
  webhooks,
  notOffered: {
    'engagement.impressions': 'Instagram removed impressions on 2025-04-21 and counts views instead.',
    'consumption.plays': 'Instagram removed plays of Reels on 2025-04-21 and counts views instead.',
    'engagement.profile_views': 'Instagram removed profile views of a day on 2025-01-08.',
    'engagement.website_clicks': 'Instagram removed clicks on the website and on contact buttons on 2025-01-08.',
  },

  emulator,
})

/** Documented inside a list, answered at the top level by the servers that clients meet; permissions as a list or as text. */
function readTokens(body: Json): TokenAnswer | null {
  const grant = at(body, 'data', 0) ?? body
  const accessToken = at(grant, 'access_token')
  if (typeof accessToken !== 'string' || accessToken === '') return null
  const lifetime = Number(at(grant, 'expires_in'))
  const permissions = at(grant, 'permissions')
  const listed =
    typeof permissions === 'string' ? permissions.split(',') : Array.isArray(permissions) ? permissions : []
  const scopes = listed.map((scope) => String(scope).trim()).filter((scope) => scope !== '')
  return {
    accessToken,
    ...(lifetime > 0 && { expiresInSeconds: lifetime }),
    ...(scopes.length > 0 && { scopes }),
  }
}

import { defineEmulator, reply } from '@patchbay/kit'
import { queryReports } from './emulator/analytics.ts'
import { channelOf } from './emulator/channels.ts'
import { dataRoutes } from './emulator/data-api.ts'
import { subscribe, webhooks } from './emulator/hub.ts'
import { refuse } from './emulator/refusals.ts'
import { truth } from './emulator/truth.ts'

/** YouTube as our connector meets it: the Data API at both of its addresses, and Analytics. */
export default defineEmulator({
  routes: {
    ...dataRoutes('www.googleapis.com/youtube/v3'),
    ...dataRoutes('youtube.googleapis.com/youtube/v3'),
    'GET youtubeanalytics.googleapis.com/v2/reports': {
      scopes: [
        'https://www.googleapis.com/auth/yt-analytics.readonly',
        'https://www.googleapis.com/auth/yt-analytics-monetary.readonly',
      ],
      handle: queryReports,
    },
    'POST pubsubhubbub.appspot.com/subscribe': { auth: 'none', handle: subscribe },
  },
  refuse,
  oauth: {
    accessLifetimeSeconds: 3599,
    tokenPrefix: { access: 'ya29.', refresh: '1//0', code: '4/0' },
    offline: (query) => query.get('access_type') === 'offline',
    error: (error, description) =>
      reply(error === 'invalid_client' ? 401 : 400, {
        error,
        error_description: error === 'invalid_grant' ? 'Token has been expired or revoked.' : description,
      }),
  },
  account(artist, world) {
    const { id, title, handle } = channelOf(artist, world)
    return { id, name: title, handle }
  },
  truth,
  webhooks,
})

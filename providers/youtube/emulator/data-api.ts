import type { Route } from '@patchbay/kit'
import { channels } from './answer-channels.ts'
import { batchGetStats, playlistItems, videos } from './answer-videos.ts'

const scopes = ['https://www.googleapis.com/auth/youtube.readonly']

/** Public things answer an app's key as well; private ones only their owner. */
export const dataRoutes = (base: string): Record<string, Route> => ({
  [`GET ${base}/channels`]: { auth: 'any', scopes, handle: channels },
  [`GET ${base}/playlistItems`]: { auth: 'any', scopes, handle: playlistItems },
  [`GET ${base}/videos`]: { auth: 'any', scopes, handle: videos },
  [`GET ${base}/videos:batchGetStats`]: { auth: 'any', scopes, handle: batchGetStats },
})

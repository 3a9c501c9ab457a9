import { defineStream } from '@patchbay/kit'
import { type MediaMetrics, readMedia } from './read-media.ts'
import { firstPlace, type Place, walkMedia } from './walk-media.ts'

const metrics = {
  kind: 'story',
  insights: {
    views: 'consumption.views',
    reach: 'engagement.reach',
    shares: 'engagement.shares',
    total_interactions: 'engagement.interactions',
  },
  fields: {},
} as const satisfies MediaMetrics

/**
 * Stories and their numbers, which the platform shows for 24 hours only. What they were at the last of four readings is what they
 * stay; webhooks with the final numbers exist for Facebook Login only. A story with fewer than five viewers has no numbers.
 */
export const stories = defineStream({
  summary: 'Stories of the last 24 hours with views, reach and shares',
  every: '6h',
  quickest: '1h',
  vanishesAfter: '24h',
  scopes: ['instagram_business_basic', 'instagram_business_manage_insights'],
  metrics: Object.values(metrics.insights),
  items: ['story'],
  idleCalls: 1,
  async *read({ http, subjects, time }) {
    for (const { account, checkpoint } of subjects) {
      const path = `/${account.id}/stories`
      const from = (checkpoint as { place: Place } | null)?.place ?? firstPlace
      for await (const page of walkMedia(http, { path, insights: Object.keys(metrics.insights), from })) {
        const rows = { account: account.id, ...readMedia(page, metrics, time) }
        yield page.next === null ? { ...rows, cursor: null } : { ...rows, checkpoint: { place: page.next } }
      }
    }
  },
})

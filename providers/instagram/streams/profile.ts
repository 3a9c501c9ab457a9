import { defineStream, Fault, type MetricKey, type Observation, readOne, z } from '@patchbay/kit'
import { idText, readShape } from '../insights.ts'

const profileShape = z.object({
  user_id: idText,
  followers_count: z.number().optional(),
  follows_count: z.number().optional(),
  media_count: z.number().optional(),
  website: z.string().optional(),
})

const gauges = {
  followers_count: 'audience.followers',
  follows_count: 'audience.following',
  media_count: 'catalogue.posts',
} as const satisfies Record<string, MetricKey>

/** The three numbers on the profile and the address that it names, in one call. */
export const profile = defineStream({
  summary: 'Followers, following and posts of the account',
  every: '1d',
  quickest: '1h',
  headline: true,
  scopes: ['instagram_business_basic'],
  metrics: Object.values(gauges),
  idleCalls: 1,
  read: readOne({
    request: () => ({ path: '/me', query: { fields: ['user_id', ...Object.keys(gauges), 'website'] } }),
    parse(body, subject, context) {
      const found = readShape(profileShape, body, '/me')
      if (found.user_id !== subject.account.id)
        throw new Fault('connection.mismatch', 'the token belongs to another Instagram account', { path: '/me' })
      return {
        facts: found.website ? { links: [{ url: found.website, by: 'profile' }] } : {},
        observations: Object.entries(gauges).map(([native, metric]): Observation => {
          const value = found[native as keyof typeof gauges]
          const known = value === undefined ? { value: null, reason: 'unavailable' as const } : { value }
          return { metric, ...known, day: context.time.asOf(), native }
        }),
      }
    },
  }),
})

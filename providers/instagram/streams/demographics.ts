import { type Audience, at, defineStream, type Json } from '@patchbay/kit'
import { type Insight, readInsights } from '../insights.ts'

/** One breakdown a call; age and gender are the only two that may be asked together. */
const breakdowns = [['age', 'gender'], ['country']] as const

const genders: Readonly<Record<string, string>> = { F: 'female', M: 'male', U: 'unknown' }

const fewFollowers =
  'the platform gave no demographics: it needs 100 followers, and shows only groups that it knows enough about'

/** Who follows, as counts of the 45 largest groups. */
export const demographics = defineStream({
  summary: 'Age, gender and country of the followers',
  every: '7d',
  scopes: ['instagram_business_basic', 'instagram_business_manage_insights'],
  metrics: [],
  audiences: ['followers'],
  idleCalls: breakdowns.length,
  async *read({ http, subjects, time }) {
    for (const { account } of subjects) {
      const audiences: Audience[] = []
      const refused: { what: string; why: string }[] = []
      for (const breakdown of breakdowns) {
        const body = await http.get(`/${account.id}/insights`, {
          metric: 'follower_demographics',
          period: 'lifetime',
          metric_type: 'total_value',
          breakdown: [...breakdown],
        })
        const found = readInsights(body)
        refused.push(...found.refused)
        const rows = groupsOf(found.byName.get('follower_demographics'))
        if (rows.length > 0)
          audiences.push({
            population: 'followers',
            basis: 'count',
            dimensions: breakdown,
            period: { start: null, end: time.asOf() },
            rows,
          })
        else refused.push({ what: `follower_demographics by ${breakdown.join(' and ')}`, why: fewFollowers })
        // Without any data there is no need to ask for the other breakdown.
        if (isEmpty(body)) break
      }
      yield { account: account.id, audiences, refused, cursor: null }
    }
  },
})

function groupsOf(insight: Insight | undefined): Audience['rows'] {
  return (insight?.total_value?.breakdowns ?? []).flatMap(({ dimension_keys: keys, results = [] }) =>
    results.map(({ dimension_values: values, value }) => ({
      // `timeframe` may stand before the dimensions that were asked for.
      group: Object.fromEntries(
        keys.flatMap((key, index) => (key === 'timeframe' ? [] : [[key, groupName(key, values[index]!)]])),
      ),
      value,
    })),
  )
}

const groupName = (key: string, value: string) => (key === 'gender' ? (genders[value] ?? 'other') : value)

const isEmpty = (body: Json) => at(body, 'data', 0) === undefined

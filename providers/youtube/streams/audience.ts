import { type Audience, addDays, defineStream, type Page } from '@patchbay/kit'
import { pacific } from '../pacific.ts'
import { type ReportRow, readReport, reportScopes } from './report.ts'

/** Analytics is complete up to three days before today. */
const lagDays = 3
const periodDays = 28

/** Who watched in four weeks, by age and gender and by country. Two marginals: YouTube offers no table of all three. */
export const audience = defineStream({
  summary: 'Viewers of the last 28 days by age and gender, and by country',
  every: '7d',
  scopes: reportScopes,
  metrics: [],
  audiences: ['viewers'],
  idleCalls: 2,

  async *read({ http, subjects, time }) {
    const end = addDays(time.today(pacific), -lagDays)
    const period = { start: addDays(end, 1 - periodDays), end }
    for (const { account } of subjects) {
      const range = { from: period.start, to: period.end }
      const people = await readReport(http, account, {
        ...range,
        dimensions: ['ageGroup', 'gender'],
        metrics: ['viewerPercentage'],
      })
      const places = await readReport(http, account, {
        ...range,
        dimensions: ['country'],
        metrics: ['views'],
        sort: '-views',
      })
      const audiences = [ageAndGender(people, period), country(places, period)].filter(({ rows }) => rows.length > 0)
      yield { account: account.id, audiences, cursor: null } satisfies Page
    }
  },
})

/** Percentages of signed-in viewers; they sum to 100 unless small groups are left out. */
const ageAndGender = (rows: readonly ReportRow[], period: Audience['period']): Audience => ({
  population: 'viewers',
  basis: 'share',
  dimensions: ['age', 'gender'],
  period,
  rows: rows.flatMap(({ ageGroup, gender, viewerPercentage }) =>
    typeof viewerPercentage === 'number'
      ? [
          {
            group: { age: age(String(ageGroup)), gender: genders[String(gender)] ?? 'unknown' },
            // Without the noise of a division in binary.
            value: Math.round(viewerPercentage * 1e6) / 1e8,
          },
        ]
      : [],
  ),
})

/** YouTube gives views by country, not viewers: the share is one of views. */
function country(rows: readonly ReportRow[], period: Audience['period']): Audience {
  const counted = rows.flatMap(({ country, views }) =>
    typeof views === 'number' ? [{ country: String(country), views }] : [],
  )
  const all = counted.reduce((sum, { views }) => sum + views, 0)
  return {
    population: 'viewers',
    basis: 'share',
    dimensions: ['country'],
    period,
    rows:
      all === 0
        ? []
        : counted.map(({ country, views }) => ({
            group: { country: country === 'ZZ' ? 'unknown' : country },
            value: views / all,
          })),
  }
}

/** `age18-24` is 18-24, `age65-` is 65+. */
const age = (ageGroup: string) => ageGroup.replace(/^age/, '').replace(/-$/, '+')

const genders: Readonly<Record<string, string>> = { female: 'female', male: 'male', user_specified: 'other' }

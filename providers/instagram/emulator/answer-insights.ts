import { addDays, type Day, dayOf, type EmulatorCall, type EmulatorReply, type Json, startOfDay } from '@patchbay/kit'
import { accountId, type DayNumbers, dayNumbers, followers, groupsOf, zone } from './account.ts'
import { graphError, linkTo, timestamp } from './graph.ts'

const titles: Record<keyof DayNumbers, string> = {
  views: 'Views',
  reach: 'Accounts reached',
  accounts_engaged: 'Accounts engaged',
  likes: 'Likes',
  comments: 'Comments',
  shares: 'Shares',
  saves: 'Saves',
  total_interactions: 'Interactions',
  follower_count: 'Follower Count',
}

const demographics = 'follower_demographics'
const mostSeconds = 30 * 86_400

/** Insights of an account: days as a series, days as a total, or who follows. */
export function answerInsights(call: EmulatorCall): Json | EmulatorReply {
  const names = (call.query.get('metric') ?? '').split(',')
  const unknown = names.findIndex((name) => name !== demographics && !Object.hasOwn(titles, name))
  if (unknown >= 0)
    return graphError(
      400,
      100,
      `(#100) metric[${unknown}] must be one of the following values: ${[...Object.keys(titles), demographics].join(', ')}`,
    )
  return names.includes(demographics) ? answerDemographics(call) : answerDays(call, names as (keyof DayNumbers)[])
}

function answerDays(call: EmulatorCall, names: readonly (keyof DayNumbers)[]): Json | EmulatorReply {
  const total = call.query.get('metric_type') === 'total_value'
  const until = Number(call.query.get('until') ?? Math.floor(call.now / 1000))
  const since = Number(call.query.get('since') ?? until - 86_400)
  const wrong = wrongWith(call, names, { total, since, until })
  if (wrong) return wrong
  const days = daysWithin(since, until)
    .map((day) => ({ day, numbers: dayNumbers(call.artist!, call.world, day, call.now) }))
    .filter((entry): entry is { day: Day; numbers: DayNumbers } => entry.numbers !== null)
  const id = accountId(call.artist!, call.world)
  const data: Json[] = []
  for (const name of names) {
    const values = days.flatMap(({ day, numbers }) => {
      const value = numbers[name]
      return value === null ? [] : [{ value, end_time: timestamp(startOfDay(addDays(day, 1), zone)) }]
    })
    // What there is nothing for is left out. It is never zero.
    if (values.length === 0) continue
    const about = { title: titles[name], description: 'A number of the sandbox.', id: `${id}/insights/${name}/day` }
    data.push({
      name,
      period: 'day',
      ...(total ? { total_value: { value: totalOf(name, values) } } : { values }),
      ...about,
    })
  }
  const length = until - since
  return {
    data,
    paging: {
      previous: linkTo(call, { since: since - length, until: since }),
      next: linkTo(call, { since: until, until: until + length }),
    },
  }
}

/** People of several days are not added: those who came every day are the fewest there can be. */
const totalOf = (name: string, values: readonly { value: number }[]): number =>
  name === 'reach' || name === 'accounts_engaged'
    ? Math.max(...values.map(({ value }) => value))
    : values.reduce((sum, { value }) => sum + value, 0)

function wrongWith(
  call: EmulatorCall,
  names: readonly string[],
  { total, since, until }: { total: boolean; since: number; until: number },
): EmulatorReply | null {
  const say = (message: string) => graphError(400, 100, `(#100) ${message}`)
  if (call.query.get('period') !== 'day') return say(`Incompatible metrics (${names}) with period`)
  if (!(since < until)) return say('The parameter since must be before until')
  if (until - since > mostSeconds)
    return say(`There cannot be more than 30 days (${mostSeconds} s) between since and until`)
  const totalOnly = names.filter((name) => name !== 'reach' && name !== 'follower_count')
  if (!total && totalOnly.length > 0)
    return say(
      `The following metrics (${totalOnly.join(', ')}) should be specified with parameter metric_type=total_value`,
    )
  if (!names.includes('follower_count')) return null
  if (total) return say('Incompatible metrics (follower_count) with metric type (total_value)')
  const earliest = startOfDay(addDays(dayOf(call.now, zone), -30), zone) / 1000
  return since < earliest
    ? say('(follower_count) metric only supports querying data for the last 30 days excluding the current day')
    : null
}

/** The Pacific days that lie wholly inside. */
function daysWithin(since: number, until: number): Day[] {
  const days: Day[] = []
  let day = dayOf(since * 1000, zone)
  if (startOfDay(day, zone) < since * 1000) day = addDays(day, 1)
  for (; startOfDay(addDays(day, 1), zone) <= until * 1000; day = addDays(day, 1)) days.push(day)
  return days
}

function answerDemographics(call: EmulatorCall): Json | EmulatorReply {
  const artist = call.artist!
  const breakdown = call.query.get('breakdown')
  if (call.query.get('period') !== 'lifetime' || call.query.get('metric_type') !== 'total_value')
    return graphError(400, 100, `(#100) Incompatible metrics (${demographics}) with period or metric type`)
  if (breakdown !== 'age,gender' && breakdown !== 'country')
    return graphError(400, 100, '(#100) An unsupported breakdown was passed')
  if (followers(artist, call.world, call.today()) < 100) return { data: [] }
  const results = groupsOf(artist, call.world, breakdown, call.today()).map(({ values, count }) => ({
    dimension_values: values,
    value: count,
  }))
  return {
    data: [
      {
        name: demographics,
        period: 'lifetime',
        title: 'Follower demographics',
        description: 'A number of the sandbox.',
        total_value: { breakdowns: [{ dimension_keys: breakdown.split(','), results }] },
        id: `${accountId(artist, call.world)}/insights/${demographics}/lifetime`,
      },
    ],
  }
}

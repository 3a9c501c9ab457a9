import { addDays, type Day, daysBetween, type EmulatorCall, type EmulatorReply, type Json } from '@patchbay/kit'
import { pacific } from '../pacific.ts'
import { type Channel, channelOf } from './channels.ts'
import { type DayNumbers, dayNumbers, known, lagDays } from './numbers.ts'
import { refuse, wrong } from './refusals.ts'

type Cell = string | number
type Row = Readonly<Record<string, Cell>>
type Metric = keyof DayNumbers

const activity: readonly Metric[] = [
  'views',
  'engagedViews',
  'estimatedMinutesWatched',
  'subscribersGained',
  'subscribersLost',
  'likes',
  'comments',
  'shares',
]

/** The combinations that are offered, of those that a connector asks for. */
const reports: Readonly<Record<string, { metrics: readonly string[]; rows: (query: Query) => Row[] }>> = {
  day: { metrics: activity, rows: byDay },
  country: { metrics: ['views', 'engagedViews', 'estimatedMinutesWatched'], rows: byCountry },
  'ageGroup,gender': { metrics: ['viewerPercentage'], rows: byAgeAndGender },
}

interface Query {
  readonly call: EmulatorCall
  readonly channel: Channel
  readonly from: Day
  readonly to: Day
}

/** `GET /v2/reports`: for the owner of the channel and nobody else. */
export function queryReports(call: EmulatorCall): Json | EmulatorReply {
  // A report needs this permission besides its own.
  if (!call.scopes.includes(readonly)) return refuse.scope([readonly])
  const names = (parameter: string) => (call.query.get(parameter) ?? '').split(',').filter(Boolean)
  const [from, to] = [call.query.get('startDate') ?? '', call.query.get('endDate') ?? '']
  if (!isDay(from)) return wrong.value('startDate', from)
  if (!isDay(to) || to < from) return wrong.value('endDate', to)
  const channel = channelOf(call.artist!, call.world)
  const ids = call.query.get('ids') ?? ''
  if (!/^[a-zA-Z]+==[a-zA-Z0-9_+-]+$/.test(ids)) return wrong.value('ids', ids)
  if (ids !== 'channel==MINE' && ids !== `channel==${channel.id}`) return wrong.forbidden()

  const dimensions = names('dimensions')
  const metrics = names('metrics')
  const sorted = names('sort').map((name) => name.replace(/^-/, ''))
  const report = reports[dimensions.join()]
  const columns = [...dimensions, ...metrics]
  const offered = report && metrics.length > 0 && metrics.every((metric) => report.metrics.includes(metric))
  if (!offered || sorted.some((name) => !columns.includes(name)) || call.query.has('filters')) return wrong.query()

  // The end is cut to the last day for which everything has been counted.
  const last = addDays(call.today(pacific), -lagDays)
  const rows = report.rows({ call, channel, from, to: to < last ? to : last }).sort(inOrder(names('sort')))
  const limited = rows.slice(0, Number(call.query.get('maxResults') ?? rows.length))
  return {
    kind: 'youtubeAnalytics#resultTable',
    columnHeaders: columns.map((name) => ({
      name,
      columnType: dimensions.includes(name) ? 'DIMENSION' : 'METRIC',
      dataType: dimensions.includes(name) ? 'STRING' : name === 'viewerPercentage' ? 'FLOAT' : 'INTEGER',
    })),
    ...(limited.length > 0 ? { rows: limited.map((row) => columns.map((name) => row[name]!)) } : {}),
  }
}

function byDay({ call, channel, from, to }: Query): Row[] {
  const rows: Row[] = []
  const today = call.today(pacific)
  const first = [from, channel.createdOn, call.world.since].reduce((one, other) => (one > other ? one : other))
  for (let day = first; day <= to; day = addDays(day, 1)) {
    const numbers = dayNumbers(channel, call.world, day)
    if (!numbers) continue
    const cells = activity.map((name) => [name, known(numbers[name], name, channel, call.world, day, today)!])
    rows.push({ day, ...Object.fromEntries(cells) })
  }
  return rows
}

/** Home first, then where the genre travels. The parts are of the period's views, and what is left over has no country. */
function byCountry(query: Query): Row[] {
  const { channel, call } = query
  const days = byDay(query)
  const sum = (name: Metric) => days.reduce((total, day) => total + Number(day[name]), 0)
  const [views, engagedViews, estimatedMinutesWatched] = [
    sum('views'),
    sum('engagedViews'),
    sum('estimatedMinutesWatched'),
  ]
  const { artist } = channel
  const abroad = ['US', 'GB', 'DE', 'BR', 'MX', 'FR', 'JP', 'IN'].filter((country) => country !== artist.country)
  const weights = [artist.country, ...abroad].map((country, index) => ({
    country,
    part: (index === 0 ? 0.4 : 0.07) * (0.7 + 0.6 * call.world.unit(`youtube/${artist.key}/country/${country}`)),
  }))
  return [...weights, { country: 'ZZ', part: 0.005 }]
    .map(({ country, part }) => ({
      country,
      views: Math.floor(views * part),
      engagedViews: Math.floor(engagedViews * part),
      estimatedMinutesWatched: Math.floor(estimatedMinutesWatched * part),
    }))
    .filter((row) => row.views > 0)
}

const ages = [
  ['age13-17', 6],
  ['age18-24', 26],
  ['age25-34', 31],
  ['age35-44', 19],
  ['age45-54', 10],
  ['age55-64', 5],
  ['age65-', 3],
] as const

/** Percentages with one decimal. Below a few hundred views YouTube says nothing at all. */
function byAgeAndGender(query: Query): Row[] {
  const { channel, call } = query
  const views = byDay(query).reduce((total, day) => total + Number(day.views), 0)
  if (views < 300) return []
  const women = 0.3 + 0.4 * call.world.unit(`youtube/${channel.artist.key}/women`)
  return ages.flatMap(([ageGroup, percent]) =>
    [
      ['female', women],
      ['male', 0.99 - women],
      ['user_specified', 0.01],
    ].map(([gender, part]) => ({
      ageGroup,
      gender: gender as string,
      viewerPercentage: Math.round(percent * Number(part) * 10) / 10,
    })),
  )
}

const readonly = 'https://www.googleapis.com/auth/youtube.readonly'

const isDay = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(daysBetween(text, text))

const inOrder = (names: readonly string[]) => (one: Row, other: Row) => {
  for (const name of names) {
    const [column, sign] = name.startsWith('-') ? [name.slice(1), -1] : [name, 1]
    const [left, right] = [one[column]!, other[column]!]
    if (left !== right) return left < right ? -sign : sign
  }
  return 0
}

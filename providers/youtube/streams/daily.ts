import {
  type Account,
  addDays,
  askAll,
  at,
  type Day,
  dayOf,
  daysBetween,
  defineStream,
  type Http,
  type Json,
  type MetricKey,
  type Observation,
} from '@patchbay/kit'
import { pacific } from '../pacific.ts'
import { viewVersion } from '../view-epochs.ts'
import { type ReportRow, readReport, reportScopes } from './report.ts'

const windowDays = 366
/** How far back the first run reads: three years, so that each of the last two can be compared with the one before. A year is one call and 3,000 rows. */
const historyDays = 3 * windowDays - 1
/** The newest days in an answer are still being corrected. */
const restatesDays = 4

const columns = {
  views: 'consumption.views_daily',
  engagedViews: 'consumption.engaged_views_daily',
  estimatedMinutesWatched: 'consumption.watch_time_daily',
  subscribersGained: 'audience.followers_gained',
  subscribersLost: 'audience.followers_lost',
  likes: 'engagement.likes_daily',
  comments: 'engagement.comments_daily',
  shares: 'engagement.shares_daily',
} as const satisfies Record<string, MetricKey>

/** The last day whose numbers YouTube no longer corrects: what comes after it is read again. */
interface Cursor {
  readonly final: Day
}

/** A walk from today back to `floor`, newest window first, so that the numbers people look at are there after one call. */
interface Walk {
  readonly floor: Day
  readonly to: Day
  /** The newest day that any window had. */
  readonly newest: Day | null
}

/** What happened on the channel, day by day. Days begin at midnight Pacific time, and the last two or three are not there yet. */
export const daily = defineStream<Cursor>({
  summary: 'Views, watch time, subscribers gained and lost, likes, comments and shares of each day',
  every: '24h',
  scopes: reportScopes,
  metrics: Object.values(columns),
  restatesDays,
  // Reports go back to when the channel was opened; a year of it is one call.
  backfill: { days: 20 * windowDays },
  idleCalls: 1,

  async *read({ http, subjects, time, refusals, range }) {
    const today = time.today(pacific)
    for (const { account, cursor, checkpoint } of subjects) {
      let walk = checkpoint as unknown as Walk | null
      walk ??= {
        floor: range?.from ?? (cursor ? addDays(cursor.final, 1) : await firstDay(http, account, today)),
        to: range?.to ?? today,
        newest: null,
      }
      for (;;) {
        const from = later(walk.floor, addDays(walk.to, 1 - windowDays))
        const report = { from, to: walk.to, dimensions: ['day'], sort: 'day' }
        const asked = await askAll(refusals, Object.keys(columns), (metrics) =>
          readReport(http, account, { ...report, metrics }),
        )
        const rows = joinByDay(asked.given.map(({ body }) => body))
        const newest: Day | null = rows.reduce((day, row) => later(day, String(row.day)), walk.newest ?? '') || null
        const final =
          newest === null ? addDays(walk.floor, -1) : later(addDays(walk.floor, -1), addDays(newest, -restatesDays))
        // Days that are long past are no longer corrected, also the last ones that are asked for.
        const isPast = range !== undefined && daysBetween(range.to, today) > 2 * restatesDays
        const { observations, refused } = observe(rows, isPast ? range.to : final)
        const page = { account: account.id, observations, refused: [...refused, ...asked.refused] }
        if (from === walk.floor) {
          yield { ...page, cursor: { final } }
          break
        }
        walk = { floor: walk.floor, to: addDays(from, -1), newest }
        yield { ...page, checkpoint: walk as unknown as Json }
      }
    }
  },
})

/** One row a day, of what several answers had of it. Without a day nothing belongs together. */
function joinByDay(answers: readonly (readonly ReportRow[])[]): ReportRow[] {
  if (answers.length === 1) return [...answers[0]!]
  const days = new Map<unknown, ReportRow>()
  for (const row of answers.flat()) days.set(row.day ?? row, { ...days.get(row.day ?? row), ...row })
  return [...days.values()].sort((one, other) => (String(one.day) < String(other.day) ? -1 : 1))
}

/** The day the channel was opened, but not more than three years ago. */
async function firstDay(http: Http, account: Account, today: Day): Promise<Day> {
  const oldest = addDays(today, -historyDays)
  const opened = at(
    await http.get('/channels', { part: 'snippet', id: account.id }),
    'items',
    0,
    'snippet',
    'publishedAt',
  )
  const openedAt = typeof opened === 'string' ? Date.parse(opened) : Number.NaN
  if (Number.isNaN(openedAt)) return oldest
  const day = dayOf(openedAt, pacific)
  return daysBetween(day, today) < 0 ? today : later(oldest, day)
}

/** Days without a row stay absent: YouTube leaves out what it does not know, and writes 0 where nothing happened. */
function observe(rows: readonly ReportRow[], final: Day) {
  const observations: Observation[] = []
  const refused: { what: string; why: string }[] = []
  for (const row of rows) {
    const { day } = row
    if (typeof day !== 'string') {
      refused.push({ what: `row ${JSON.stringify(row)}`, why: 'it has no day' })
      continue
    }
    for (const [native, metric] of Object.entries(columns)) {
      const value = row[native]
      if (value === undefined) continue
      if (typeof value !== 'number') {
        refused.push({ what: `${native} of ${day}`, why: 'it is not a number' })
        continue
      }
      const minutes = native === 'estimatedMinutesWatched'
      observations.push({
        metric,
        day,
        timezone: pacific,
        value: minutes ? value * 60 : value,
        native,
        final: day <= final,
        ...(minutes ? { provenance: 'provider_estimate' } : {}),
        ...(native === 'views' ? { version: viewVersion(day) } : {}),
      })
    }
  }
  return { observations, refused }
}

const later = (one: Day, other: Day): Day => (one > other ? one : other)

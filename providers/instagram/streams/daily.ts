import {
  addDays,
  type Day,
  dayOf,
  daysBetween,
  defineStream,
  hour,
  type MetricKey,
  type Observation,
  type Page,
  type ReadContext,
  type Subject,
  startOfDay,
} from '@patchbay/kit'
import { askInsights } from '../ask-insights.ts'
import { type Insight, instantOf, numberOf } from '../insights.ts'

/** A day of Instagram's insights begins at midnight in California (developers.facebook.com/docs/instagram-platform/insights). */
const zone = 'America/Los_Angeles'

/** One value a day, from a single call for the whole window. */
const series = {
  reach: 'engagement.reach_daily',
  follower_count: 'audience.followers_gained',
} as const satisfies Record<string, MetricKey>

/** One value a call: for a series, each day is asked for on its own. */
const totals = {
  views: 'consumption.views_daily',
  accounts_engaged: 'engagement.accounts_engaged_daily',
  total_interactions: 'engagement.interactions_daily',
  likes: 'engagement.likes_daily',
  comments: 'engagement.comments_daily',
  shares: 'engagement.shares_daily',
  saves: 'engagement.saves_daily',
} as const satisfies Record<string, MetricKey>

/**
 * Thirty days with today, which is not over: 29 to read. A window may have 2,592,000 seconds, and thirty days that end summer time have an hour
 * more; and `follower_count` refuses what is older than thirty days.
 */
const historyDays = 29
/** Numbers of a day are complete 48 hours after its end. */
const latenessMs = 48 * hour
/** A day for which there is still nothing then stays empty. */
const patienceDays = 7

/** The last day of which nothing more is to come: read with all its values when they were complete. */
interface Cursor {
  readonly settled: Day
}

/** Days are read from the newest to the oldest. */
type Checkpoint = {
  readonly newest: Day
  readonly oldest: Day
  readonly next: Day
  /** The oldest day read so far that has to be read again. */
  readonly open: Day | null
}

/** What the account got on each day. Every run reads the days again that are not settled: the last two, and one more after a night. */
export const daily = defineStream<Cursor>({
  summary: 'Views, reach, new followers and interactions of each day',
  every: '1d',
  scopes: ['instagram_business_basic', 'instagram_business_manage_insights'],
  metrics: [...Object.values(series), ...Object.values(totals)],
  restatesDays: 2,
  idleCalls: 4,
  async *read(context) {
    for (const subject of context.subjects) yield* readDays(context, subject)
  },
})

async function* readDays(context: ReadContext<Cursor>, subject: Subject<Cursor>): AsyncGenerator<Page<Cursor>> {
  const { http, time } = context
  const { account, cursor } = subject
  const path = `/${account.id}/insights`
  const saved = subject.checkpoint as Checkpoint | null
  const newest = saved?.newest ?? addDays(time.today(zone), -1)
  const oldest = saved?.oldest ?? firstDay(newest, cursor)
  let open = saved?.open ?? null
  const keepOpen = (day: Day, hasAll: boolean) => {
    if (!isComplete(day, time.now) || (!hasAll && daysBetween(day, newest) < patienceDays))
      open = open === null || day < open ? day : open
  }

  if (!saved) {
    const answer = await askInsights(http, path, Object.keys(series), {
      period: 'day',
      metric_type: 'time_series',
      ...windowOf(oldest, newest),
    })
    const reached = (day: Day) => valueOfDay(answer.byName.get('reach'), day) !== undefined
    const observations: Observation[] = []
    for (let day = newest; day >= oldest; day = addDays(day, -1)) {
      for (const native of answer.asked) {
        const value = valueOfDay(answer.byName.get(native), day)
        // Left out altogether, on a day of which there are numbers: there are fewer than 100 followers.
        const small = native === 'follower_count' && !answer.byName.has(native) && reached(day)
        observations.push({
          ...observation(series[native as keyof typeof series], native, value, day, time.now),
          ...(small && { reason: 'below_threshold' }),
        })
      }
      keepOpen(day, reached(day))
    }
    const checkpoint: Checkpoint = { newest, oldest, next: newest, open }
    yield { account: account.id, observations, refused: answer.refused, checkpoint }
  }

  let names: readonly string[] = Object.keys(totals)
  for (let day = saved?.next ?? newest; ; day = addDays(day, -1)) {
    const answer = await askInsights(http, path, names, {
      period: 'day',
      metric_type: 'total_value',
      ...windowOf(day, day),
    })
    names = answer.asked
    const observations = names.map((native) =>
      observation(totals[native as keyof typeof totals], native, numberOf(answer.byName.get(native)), day, time.now),
    )
    keepOpen(
      day,
      observations.every(({ value }) => value !== null),
    )
    const rows = { account: account.id, observations, refused: answer.refused }
    if (day <= oldest) {
      yield { ...rows, cursor: { settled: open === null ? newest : addDays(open, -1) } }
      return
    }
    yield { ...rows, checkpoint: { newest, oldest, next: addDays(day, -1), open } satisfies Checkpoint }
  }
}

/** Behind what is settled, but not before the history that the platform shows, and never nothing. */
function firstDay(newest: Day, cursor: Cursor | null): Day {
  const earliest = addDays(newest, 1 - historyDays)
  const wanted = cursor === null ? earliest : addDays(cursor.settled, 1)
  return wanted < earliest ? earliest : wanted > newest ? newest : wanted
}

const windowOf = (from: Day, to: Day) => ({
  since: startOfDay(from, zone) / 1000,
  until: endOf(to) / 1000,
})

const endOf = (day: Day) => startOfDay(addDays(day, 1), zone)

const isComplete = (day: Day, now: number) => now - endOf(day) >= latenessMs

/** A value is about the day that ends at its `end_time`: the calendar day before it, not the one it names. */
const valueOfDay = (insight: Insight | undefined, day: Day) =>
  insight?.values?.find(({ end_time: end }) => end !== undefined && dayOf(instantOf(end) - 1, zone) === day)?.value

function observation(metric: MetricKey, native: string, value: number | undefined, day: Day, now: number): Observation {
  const final = isComplete(day, now)
  const known =
    value === undefined ? { value: null, reason: final ? ('unavailable' as const) : ('not_ready' as const) } : { value }
  return { metric, ...known, day, timezone: zone, native, final }
}

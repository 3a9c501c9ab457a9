import {
  addDays,
  type Day,
  dayOf,
  daysBetween,
  defineStream,
  hour,
  type Json,
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

/** Where the days stand. Cursors from before `read` existed have none: then everything behind `settled` is owed. */
interface Cursor {
  /** The last day up to which nothing more is to come. */
  readonly settled: Day
  /** Days behind it that came with all their values. The others are owed. */
  readonly read?: Readings
}

/** A provisional day is read once more when it is complete, a final one never again. */
type Readings = Readonly<Record<Day, 'provisional' | 'final'>>

/** What is left of a run. It is kept as it was planned, since a run that goes on later would plan another one. */
interface Checkpoint {
  readonly oldest: Day
  readonly newest: Day
  /** The newest day that was complete when the series was read: one that became so since has only half of its final values. */
  readonly complete: Day
  /** Days whose totals are still to be asked for, newest first. */
  readonly left: readonly Day[]
  /** Days of which the series had no reach: whatever else comes, they are owed. */
  readonly silent: readonly Day[]
  readonly read: Readings
}

/**
 * What the account got on each day. The series is one call and comes whole each time; totals cost a call for each day, so a day is asked for twice:
 * when the series first has it, and when it is complete. In between it keeps its first values. A day that came without some of them is owed and
 * asked for in every run.
 */
export const daily = defineStream<Cursor>({
  summary: 'Views, reach, new followers and interactions of each day',
  every: '1d',
  scopes: ['instagram_business_basic', 'instagram_business_manage_insights'],
  metrics: [...Object.values(series), ...Object.values(totals)],
  restatesDays: 2,
  backfill: { days: historyDays },
  idleCalls: 2,
  async *read(context) {
    for (const subject of context.subjects) yield* readDays(context, subject)
  },
})

async function* readDays(context: ReadContext<Cursor>, subject: Subject<Cursor>): AsyncGenerator<Page<Cursor>> {
  const { time, range } = context
  const { account, cursor } = subject
  const path = `/${account.id}/insights`
  let walk = subject.checkpoint as unknown as Checkpoint | null

  if (walk === null) {
    const yesterday = addDays(time.today(zone), -1)
    const newest = range && range.to < yesterday ? range.to : yesterday
    const oldest = range ? firstOf(range.from, yesterday, newest) : firstDay(newest, cursor)
    const answer = await askInsights(context, path, Object.keys(series), {
      period: 'day',
      metric_type: 'time_series',
      ...windowOf(oldest, newest),
    })
    walk = planTotals({ oldest, newest, read: cursor?.read ?? {}, answer, now: time.now })
    const rows = { account: account.id, observations: observeSeries(walk, answer, time.now), refused: answer.refused }
    yield { ...rows, ...placeOf(walk) }
  }

  let names: readonly string[] = Object.keys(totals)
  while (walk.left.length > 0) {
    const day: Day = walk.left[0]!
    const answer = await askInsights(context, path, names, {
      period: 'day',
      metric_type: 'total_value',
      ...windowOf(day, day),
    })
    names = answer.asked
    const observations = names.map((native) =>
      observation(totals[native as keyof typeof totals], native, numberOf(answer.byName.get(native)), day, time.now),
    )
    walk = afterTotals(walk, day, observations)
    yield { account: account.id, observations, refused: answer.refused, ...placeOf(walk) }
  }
}

/** Leaves out the days that have their values for now, and those that the platform has not counted yet. */
function planTotals(options: {
  oldest: Day
  newest: Day
  read: Readings
  answer: Awaited<ReturnType<typeof askInsights>>
  now: number
}): Checkpoint {
  const { oldest, newest, read, answer, now } = options
  const tellsReach = answer.asked.includes('reach')
  const left: Day[] = []
  const silent: Day[] = []
  let complete = newest
  while (!isComplete(complete, now)) complete = addDays(complete, -1)
  for (let day = newest; day >= oldest; day = addDays(day, -1)) {
    const isSilent = tellsReach && valueOfDay(answer.byName.get('reach'), day) === undefined
    if (isSilent) silent.push(day)
    if (day <= complete ? read[day] !== 'final' : read[day] === undefined && !isSilent) left.push(day)
  }
  return { oldest, newest, complete, left, silent, read }
}

/** Both numbers of the series for every day of the window, newest first; where it has nothing yet, neither have the totals. */
function observeSeries(
  { oldest, newest, silent, left, read }: Checkpoint,
  { asked, byName }: Awaited<ReturnType<typeof askInsights>>,
  now: number,
): Observation[] {
  const observations: Observation[] = []
  for (let day = newest; day >= oldest; day = addDays(day, -1)) {
    for (const native of asked) {
      const value = valueOfDay(byName.get(native), day)
      // Left out altogether, on a day of which there are numbers: there are fewer than 100 followers.
      const small = native === 'follower_count' && !byName.has(native) && !silent.includes(day)
      observations.push({
        ...observation(series[native as keyof typeof series], native, value, day, now),
        ...(small && { reason: 'below_threshold' }),
      })
    }
    if (silent.includes(day) && !left.includes(day) && read[day] === undefined)
      for (const [native, metric] of Object.entries(totals))
        observations.push(observation(metric, native, undefined, day, now))
  }
  return observations
}

/** That day is read now, or owed if anything of it is missing. */
function afterTotals(walk: Checkpoint, day: Day, observations: readonly Observation[]): Checkpoint {
  const { [day]: _, ...others } = walk.read
  const hasAll = !walk.silent.includes(day) && observations.every(({ value }) => value !== null)
  const sure = day <= walk.complete ? 'final' : 'provisional'
  return { ...walk, left: walk.left.slice(1), read: hasAll ? { ...others, [day]: sure } : others }
}

/** On with the totals, or the end: settled is everything before the first day that is provisional or owed. */
function placeOf(walk: Checkpoint): Pick<Page<Cursor>, 'checkpoint' | 'cursor'> {
  const { oldest, newest, left, read } = walk
  if (left.length > 0) return { checkpoint: walk as unknown as Json }
  let open = oldest
  while (open <= newest && (read[open] === 'final' || daysBetween(open, newest) >= patienceDays))
    open = addDays(open, 1)
  const behind = Object.entries(read).filter(([day]) => day >= open)
  return { cursor: { settled: addDays(open, -1), read: Object.fromEntries(behind) } }
}

/** Behind what is settled, but not before the history that the platform shows, and never nothing. */
function firstDay(newest: Day, cursor: Cursor | null): Day {
  const earliest = addDays(newest, 1 - historyDays)
  const wanted = cursor === null ? earliest : addDays(cursor.settled, 1)
  return wanted < earliest ? earliest : wanted > newest ? newest : wanted
}

/** Of days that are wanted: those that the platform still shows. */
function firstOf(from: Day, yesterday: Day, newest: Day): Day {
  const earliest = addDays(yesterday, 1 - historyDays)
  return from < earliest ? (earliest < newest ? earliest : newest) : from < newest ? from : newest
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

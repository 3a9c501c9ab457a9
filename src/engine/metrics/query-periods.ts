import { addDays, metricDefinition } from '@patchbay/kit'
import type { StoredObservation } from '../../ports/records.ts'
import type { Deps } from '../deps.ts'
import { compareWith, type PeriodsOfSeries } from './compare.ts'
import { type Against, firstDayBefore, firstDayOf, lastDayOf, type Period } from './periods.ts'
import { definitionOf, type MetricPoint } from './point.ts'
import { rollUp } from './roll-up.ts'
import { walkRows } from './walk-rows.ts'

export interface PeriodQuery {
  readonly metrics: readonly string[]
  readonly from?: string
  readonly to?: string
  readonly granularity: Period
  readonly compare?: Against
  readonly item?: string
  readonly limit: number
}

/** More days than this are not read for one answer; it then says that it was cut. */
const mostRows = 200_000

/**
 * Days, weeks or months of connections, each beside an earlier one if that was asked for. What is asked for in part is read whole, and so is what it is
 * compared with and everything in between, where the way of counting may have changed. A series is in the answer only if it was read to its end.
 */
export async function queryPeriods(
  deps: Pick<Deps, 'records' | 'clock'>,
  environmentId: string,
  connections: readonly string[],
  query: PeriodQuery,
  toPoint: (row: StoredObservation) => MetricPoint,
): Promise<{ points: MetricPoint[]; truncated: boolean }> {
  const { granularity, compare, metrics, item, limit } = query
  const first = query.from === undefined ? undefined : firstDayOf(query.from, granularity)
  const to = query.to === undefined ? undefined : lastDayOf(query.to, granularity)
  const from = first === undefined ? undefined : earliestDay(first, granularity, compare)
  const points: MetricPoint[] = []
  const now = deps.clock.now()
  let subject: StoredObservation[] = []
  let read = 0
  const finish = () => {
    points.push(...pointsOf(subject, { first, granularity, compare, now, toPoint }))
    subject = []
    return points.length > limit
  }
  for (const connectionId of [...connections].sort()) {
    for await (const rows of walkRows(deps, environmentId, { connectionId, metrics, from, to, item })) {
      for (const row of rows) {
        // What the registry has no more has no meaning here; where metrics are named there is none of it.
        if (!metricDefinition(row.metric)) continue
        if (subject.length > 0 && subjectOf(subject[0]!) !== subjectOf(row) && finish())
          return { points: points.slice(0, limit), truncated: true }
        subject.push(row)
      }
      read += rows.length
      if (read > mostRows) return { points: points.slice(0, limit), truncated: true }
    }
  }
  const cut = subject.length > 0 && finish()
  return { points: points.slice(0, limit), truncated: cut }
}

/** A year before 29 February there is no such day; the rest of that year is read all the same. */
function earliestDay(first: string, granularity: Period, compare: Against | undefined): string {
  if (compare === undefined) return first
  return firstDayBefore(first, granularity, compare) ?? addDays(first, -366)
}

/** One series; of money, the series of all currencies, because one may go on where another ends. */
function subjectOf({ connectionId, metric, item, dimensions }: StoredObservation): string {
  return JSON.stringify([connectionId, metric, item, besidesCurrency(metric, dimensions)])
}

function besidesCurrency(metric: string, dimensions: Readonly<Record<string, string>>) {
  if (definitionOf(metric).unit !== 'money') return dimensions
  const { currency: _, ...rest } = dimensions
  return rest
}

function pointsOf(
  subject: readonly StoredObservation[],
  asked: {
    first: string | undefined
    granularity: Period
    compare: Against | undefined
    now: number
    toPoint: (row: StoredObservation) => MetricPoint
  },
): MetricPoint[] {
  const { first = '', granularity, compare: against, now, toPoint } = asked
  const series = [...Map.groupBy(subject, ({ dimensions }) => JSON.stringify(dimensions)).values()].map(
    (rows): PeriodsOfSeries => {
      const periods = Map.groupBy(rows, ({ day }) => firstDayOf(day, granularity))
      const fold = (days: readonly StoredObservation[]) =>
        granularity === 'day' ? toPoint(days[0]!) : rollUp(days, days.map(toPoint), { granularity, now })
      return { rows, points: new Map([...periods].map(([day, days]) => [day, fold(days)])) }
    },
  )
  return series.flatMap((one) => {
    const siblings = series.filter((other) => other !== one)
    return [...one.points.values()]
      .filter(({ period }) => period.day >= first)
      .map((point) =>
        against === undefined
          ? point
          : { ...point, comparison: compareWith(point, one, { against, granularity, siblings, now }) },
      )
  })
}

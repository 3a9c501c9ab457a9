import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { firstDay, rangeNames, ranges } from '../../address/date-range.ts'
import { useAvailability, useDefinitions, useProviderLook } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Chart } from '../../ui/chart.tsx'
import type { DayPoint } from '../../ui/day-series.ts'
import { Select } from '../../ui/field.tsx'
import { CableMark } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { useNow } from '../../ui/relative-time.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Choices } from '../../ui/tabs.tsx'
import { byFamily, metricFamily, metricName } from '../../words/metric-names.ts'
import { reasonSays } from '../../words/null-reasons.ts'
import { numberText } from '../../words/numbers.ts'
import type { Account, Explain } from './account-card.tsx'

const route = getRouteApi('/artists/$profile')
const mostPoints = 20_000

/** One metric over time: a chart for each account, because platforms count differently and share no axis. */
export function OverTime(props: { profile: string; accounts: readonly Account[]; explain: Explain }) {
  const { profile, accounts } = props
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/artists/$profile' })
  const definitions = useDefinitions()
  const range = search.range ?? '90d'
  const today = Math.floor(useNow() / 86_400_000) * 86_400_000
  const from = firstDay(range, today)

  const known = [...new Set(accounts.flatMap((account) => account.metrics.map(({ metric }) => metric)))].sort(byFamily)
  const metric = search.metric ?? withHistory(accounts, known) ?? known[0]
  const definition = definitions.data?.data.find((each) => each.metric === metric)
  const query = useRead(
    ['metrics', 'days', profile, metric, from],
    (client, signal) =>
      client.metrics.query({ profile, metric, from, granularity: 'day', limit: mostPoints }, { signal }),
    { enabled: metric !== undefined, keep: true, everyMs: 60_000 },
  )
  const series = useMemo(() => byConnection(query.data?.data ?? []), [query.data])
  if (metric === undefined) return null

  return (
    <Card
      className="mt-5"
      label="Over time"
      more={
        <div className="flex flex-wrap items-center gap-2">
          <Select
            label="Metric"
            hiddenLabel
            value={metric}
            onChange={(event) =>
              void navigate({ search: (last) => ({ ...last, metric: event.target.value }), resetScroll: false })
            }
            choices={(known.includes(metric) ? known : [metric, ...known]).map((value) => ({
              value,
              name: `${metricFamily(value)}: ${metricName(value)}`,
            }))}
          />
          <Choices
            label="Range"
            choices={ranges.map((each) => ({
              name: rangeNames[each],
              current: each === range,
              link: {
                to: '/artists/$profile',
                params: { profile },
                search: { ...search, range: each, why: undefined },
                resetScroll: false,
              },
            }))}
          />
          <Link to="/metrics" search={{ profile, metric, range: search.range }} className={buttonClass('plain', true)}>
            Explore
          </Link>
        </div>
      }
    >
      {definition && <p className="mb-4 text-soft">{definition.summary}.</p>}
      <Loaded query={query} skeleton={<Skeleton className="h-52 w-full" />}>
        {({ truncated }) => (
          <>
            {truncated && (
              <p className="mb-3 rounded-lg bg-warn-ground px-3 py-2 text-warn">
                There are more than {numberText(mostPoints, 'count')} numbers here; the charts show the first of them.
                Choose a shorter range.
              </p>
            )}
            <div className="grid grid-cols-[minmax(0,1fr)] gap-x-6 gap-y-6 lg:grid-cols-2">
              {withNumbersFirst(accounts, series).map((account) => (
                <AccountChart
                  key={account.connection}
                  account={account}
                  metric={metric}
                  unit={definition?.unit ?? 'count'}
                  kind={definition?.kind ?? 'gauge'}
                  points={series.get(account.connection) ?? none}
                  from={from}
                  explain={props.explain}
                />
              ))}
            </div>
          </>
        )}
      </Loaded>
    </Card>
  )
}

function AccountChart(props: {
  account: Account
  metric: string
  unit: string
  kind: string
  points: readonly DayPoint[]
  from: string | undefined
  explain: Explain
}) {
  const { account, metric, points, explain } = props
  const look = useProviderLook()(account.provider)
  const explainDay = useCallback(
    (day: string) => explain(account.connection, metric, day),
    [explain, account.connection, metric],
  )
  const availability = useAvailability()
  const offered = availability.data?.data.find((row) => row.provider === account.provider && row.metric === metric)
  const missing =
    account.notOffered[metric] ??
    (offered?.available === false ? (offered.says ?? 'not_offered') : undefined) ??
    (availability.data && !offered ? `${look.name} has no number of that kind.` : undefined)
  return (
    <section aria-label={`${look.name}: ${account.account.name}`} className="min-w-0">
      <h3 className="flex items-center gap-2 font-medium">
        <CableMark {...look} size={20} />
        <span className="whitespace-nowrap">{look.name}</span>
        <span className="truncate font-normal text-soft">{account.account.handle ?? account.account.name}</span>
      </h3>
      {points.length === 0 ? (
        <p className="mt-2 rounded-lg bg-sunken px-4 py-6 text-soft">
          {missing
            ? reasonSays(missing)
            : account.metrics.length === 0
              ? 'Nothing has been read yet.'
              : `No ${metricName(metric).toLowerCase()} in this range.`}
        </p>
      ) : (
        <Chart
          label={`${metricName(metric)}, ${look.name}, ${account.account.name}`}
          points={points}
          unit={props.unit}
          look={props.kind === 'delta' ? 'bars' : 'line'}
          color={`--cable-${look.cable}`}
          from={props.from}
          explain={explainDay}
        />
      )}
    </section>
  )
}

/** On the first day most metrics are a single dot; one that came with its past says more. */
function withHistory(accounts: readonly Account[], metrics: readonly string[]): string | undefined {
  return metrics.find((metric) =>
    accounts.some((account) => account.metrics.some((each) => each.metric === metric && each.change.value !== null)),
  )
}

function withNumbersFirst(accounts: readonly Account[], series: ReadonlyMap<string, unknown>): Account[] {
  return accounts.toSorted((a, b) => Number(series.has(b.connection)) - Number(series.has(a.connection)))
}

const none: readonly DayPoint[] = []

type Point = {
  connection: string
  item: string | null
  value: number | null
  reason: string | null
  final: boolean
  version: string | null
  dimensions: Record<string, string>
  period: { day: string }
}

/** Numbers of the accounts themselves: those of items and of single countries have pages of their own. */
function byConnection(points: readonly Point[]): Map<string, DayPoint[]> {
  const series = new Map<string, DayPoint[]>()
  for (const { connection, item, value, reason, final, version, dimensions, period } of points) {
    if (item !== null || Object.keys(dimensions).length > 0) continue
    const days = series.get(connection) ?? []
    days.push({ day: period.day, value, reason, final, version })
    series.set(connection, days)
  }
  return series
}

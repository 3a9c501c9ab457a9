import { Link } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import { type Connection, useAvailability, useProviderLook } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Chart } from '../../ui/chart.tsx'
import { CableMark } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { metricName } from '../../words/metric-names.ts'
import { reasonSays } from '../../words/null-reasons.ts'
import { countText, numberText } from '../../words/numbers.ts'
import type { Definition } from './meaning.tsx'
import type { Asked, Explain } from './numbers.tsx'
import { isRefusal, Refused } from './refused.tsx'
import { groupName, type Series, seriesOf } from './series.ts'

const mostPoints = 20_000
const shownAtFirst = 12
const noSeries: readonly Series[] = []

/** One chart an account and group: platforms count differently and share no axis. */
export function AccountCharts(props: {
  asked: Asked
  connections: readonly Connection[]
  definition: Definition | undefined
  explain: Explain
}) {
  const { asked, connections, definition, explain } = props
  const [most, setMost] = useState(shownAtFirst)
  const query = useRead(
    ['metrics', 'explorer', asked],
    (client, signal) => client.metrics.query({ ...asked, limit: mostPoints }, { signal }),
    { keep: true, everyMs: 60_000 },
  )
  const series = useMemo(() => seriesOf(query.data?.data ?? []), [query.data])
  const ordered = connections.toSorted((a, b) => Number(series.has(b.id)) - Number(series.has(a.id)))
  const label = connections.length > 1 ? 'Each account' : metricName(asked.metric)
  if (isRefusal(query.error, 'granularity'))
    return (
      <Card label={label}>
        <Refused metric={asked.metric} says={query.error.problem.detail} what="weeks" />
      </Card>
    )
  return (
    <Card label={label}>
      <Loaded query={query} skeleton={<Skeleton className="h-52 w-full" />}>
        {({ truncated }) => (
          <>
            {truncated && (
              <p className="mb-3 rounded-lg bg-warn-ground px-3 py-2 text-warn">
                There are more than {numberText(mostPoints, 'count')} numbers here; the charts show the first of them.
                Choose fewer accounts or a shorter range.
              </p>
            )}
            <div
              className={`grid grid-cols-[minmax(0,1fr)] gap-x-6 gap-y-7 ${ordered.length > 1 ? 'lg:grid-cols-2' : ''}`}
            >
              {ordered.slice(0, most).map((connection) => (
                <AccountChart
                  key={connection.id}
                  asked={asked}
                  connection={connection}
                  definition={definition}
                  series={series.get(connection.id) ?? noSeries}
                  explain={explain}
                />
              ))}
            </div>
            {ordered.length > most && (
              <Button small className="mt-4" onClick={() => setMost(most + shownAtFirst)}>
                {countText(ordered.length - most, 'more account')}
              </Button>
            )}
          </>
        )}
      </Loaded>
    </Card>
  )
}

const groupsAtFirst = 6

function AccountChart(props: {
  asked: Asked
  connection: Connection
  definition: Definition | undefined
  series: readonly Series[]
  explain: Explain
}) {
  const { asked, connection, definition, series } = props
  const look = useProviderLook()(connection.provider)
  const [most, setMost] = useState(groupsAtFirst)
  return (
    <section aria-label={`${look.name}: ${connection.account.name}`} className="min-w-0">
      <h3 className="flex items-center gap-2 font-medium">
        <CableMark {...look} size={20} />
        <span className="whitespace-nowrap">{look.name}</span>
        <Link
          to="/connections/$connection"
          params={{ connection: connection.id }}
          className="truncate font-normal text-soft no-underline hover:underline"
        >
          {connection.account.handle ?? connection.account.name}
        </Link>
      </h3>
      {series.length === 0 ? (
        <NoNumbers asked={asked} connection={connection} platform={look.name} />
      ) : (
        <div className="space-y-4">
          {series.slice(0, most).map((one) => (
            <OneSeries key={one.dimensions ?? ''} {...props} series={one} cable={look.cable} platform={look.name} />
          ))}
          {series.length > most && (
            <Button small onClick={() => setMost(most + groupsAtFirst)}>
              {countText(series.length - most, 'more group')}
            </Button>
          )}
        </div>
      )}
      {definition === undefined && <p className="text-sm text-soft">This server does not know that metric.</p>}
    </section>
  )
}

function OneSeries(props: {
  asked: Asked
  connection: Connection
  definition: Definition | undefined
  series: Series
  explain: Explain
  cable: number
  platform: string
}) {
  const { asked, connection, definition, series, explain, platform } = props
  const { dimensions } = series
  const name = groupName(dimensions)
  const explainDay = useCallback(
    (day: string) => explain({ connection: connection.id, metric: asked.metric, day, dimensions }),
    [explain, connection.id, asked.metric, dimensions],
  )
  return (
    <div>
      {name && <p className="strip mt-2">{name}</p>}
      <Chart
        label={[metricName(asked.metric), platform, connection.account.name, name].filter(Boolean).join(', ')}
        points={series.points}
        unit={definition?.unit ?? 'count'}
        look={definition?.kind === 'delta' ? 'bars' : 'line'}
        color={`--cable-${props.cable}`}
        from={asked.from}
        step={asked.granularity}
        against={asked.compare}
        explain={explainDay}
      />
    </div>
  )
}

/** No number at all in the range: why, as far as anybody knows. */
function NoNumbers({ asked, connection, platform }: { asked: Asked; connection: Connection; platform: string }) {
  const availability = useAvailability()
  const offered = availability.data?.data.find(
    (row) => row.provider === connection.provider && row.metric === asked.metric,
  )
  const says =
    offered === undefined
      ? availability.data && `${platform} has no number of that kind.`
      : offered.available
        ? `No ${metricName(asked.metric).toLowerCase()} was read in this range.${offered.says ? ` It comes ${offered.says}.` : ''}`
        : reasonSays(offered.says ?? 'not_offered')
  return <p className="mt-2 rounded-lg bg-sunken px-4 py-6 text-soft">{says ?? 'Nothing was read in this range.'}</p>
}

import type { Operations } from '@patchbay/sdk'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { Connection } from '../../data/manifest.ts'
import { useProviderLook } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { ProviderName } from '../../parts/provider-name.tsx'
import { Card } from '../../ui/card.tsx'
import { Chart } from '../../ui/chart.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import type { DayPoint } from '../../ui/day-series.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { metricName } from '../../words/metric-names.ts'
import { reasonSays } from '../../words/null-reasons.ts'
import { countText, noNumber, numberText } from '../../words/numbers.ts'
import { periodText, type Step } from '../../words/periods.ts'
import type { Definition } from './meaning.tsx'
import type { Asked } from './numbers.tsx'
import { isRefusal, Refused } from './refused.tsx'
import { dimensionsText, groupName } from './series.ts'

type Total = Awaited<ReturnType<Operations['metrics']['totals']>>['data'][number]

const route = getRouteApi('/metrics')

/** The accounts as one number, with each part; where they do not make one, why not. */
export function Together(props: {
  asked: Asked
  connections: readonly Connection[]
  definition: Definition | undefined
}) {
  const { asked, connections, definition } = props
  const { compare: _, ...wanted } = asked
  const query = useRead(['metrics', 'totals', wanted], (client, signal) => client.metrics.totals(wanted, { signal }), {
    keep: true,
  })
  const groups = useMemo(
    () => [...Map.groupBy(query.data?.data ?? [], ({ dimensions }) => dimensionsText(dimensions) ?? '')],
    [query.data],
  )
  // Without weeks there is no sum of weeks either; the card of the accounts says so once.
  if (isRefusal(query.error, 'granularity')) return null
  return (
    <Card label="Together" className="mb-4">
      {isRefusal(query.error, 'metric') ? (
        <Refused metric={asked.metric} says={query.error.problem.detail} what="total" />
      ) : (
        <Loaded query={query} skeleton={<Skeleton className="h-52 w-full" />}>
          {() =>
            groups.length === 0 ? (
              <p className="text-soft">Nothing was read in this range.</p>
            ) : (
              <div className="space-y-6">
                {groups.map(([dimensions, totals]) => (
                  <OneTotal
                    key={dimensions}
                    asked={asked}
                    name={groupName(dimensions || undefined)}
                    totals={totals}
                    connections={connections}
                    definition={definition}
                  />
                ))}
              </div>
            )
          }
        </Loaded>
      )}
    </Card>
  )
}

function OneTotal(props: {
  asked: Asked
  name: string | null
  totals: readonly Total[]
  connections: readonly Connection[]
  definition: Definition | undefined
}) {
  const { asked, name, totals, connections, definition } = props
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/metrics' })
  const step = asked.granularity
  const points = useMemo(() => totals.flatMap(pointOf), [totals])
  const show = useCallback(
    (total: string) => void navigate({ search: (last) => ({ ...last, total }), resetScroll: false }),
    [navigate],
  )
  const chosen = totals.find(({ day }) => day === search.total) ?? totals.findLast(({ value }) => value !== null)
  const unit = definition?.unit ?? 'count'
  return (
    <div>
      {name && <p className="strip mb-1">{name}</p>}
      <Chart
        label={[metricName(asked.metric), countText(connections.length, 'account'), 'together', name]
          .filter(Boolean)
          .join(', ')}
        points={points}
        unit={unit}
        look={definition?.kind === 'delta' ? 'bars' : 'line'}
        color="--accent"
        from={asked.from}
        step={step}
        explain={show}
      />
      {chosen && <Parts total={chosen} connections={connections} unit={unit} step={step} />}
    </div>
  )
}

/** What a total is made of. A part without a number is named, with its reason. */
function Parts(props: { total: Total; connections: readonly Connection[]; unit: string; step: Step }) {
  const { total, connections, unit, step } = props
  const look = useProviderLook()
  const accountOf = (id: string) => connections.find((connection) => connection.id === id)?.account
  const missing = total.parts.filter(({ value }) => value === null).length
  return (
    <section aria-label="What it is made of" className="mt-3 rounded-lg border border-line">
      <h3 className="flex flex-wrap items-baseline gap-x-3 px-4 py-2.5">
        <span className="font-medium">{total.day === null ? 'The newest numbers' : periodText(total.day, step)}</span>
        <span className="number font-semibold">{total.value === null ? noNumber : numberText(total.value, unit)}</span>
        <span className="text-sm text-soft">
          {total.value === null && whyNoTotal(total.reason, missing)}
          {total.value === null && total.known !== null && ` The others come to ${numberText(total.known, unit)}.`}
          {total.timezones.length > 1 && ` Days in ${total.timezones.join(', ')}: each platform’s own.`}
        </span>
      </h3>
      <DataTable
        caption="The number of each account"
        rows={total.parts}
        rowKey={({ connection }) => connection}
        columns={[
          { name: 'Platform', cell: ({ provider }) => <ProviderName id={provider} size={20} /> },
          {
            name: 'Account',
            className: 'max-w-48',
            cell: ({ connection }) => (
              <span className="line-clamp-1">
                {accountOf(connection)?.handle ?? accountOf(connection)?.name ?? connection}
              </span>
            ),
          },
          {
            name: 'Value',
            right: true,
            cell: ({ value }) =>
              value === null ? <span className="text-soft">{noNumber}</span> : numberText(value, unit),
          },
          {
            name: 'Standing',
            className: 'min-w-40 text-sm text-soft',
            cell: ({ value, reason, version, provider }) =>
              value === null
                ? reasonSays(reason)
                : version !== null && `counted by ${look(provider).name}’s rule ${version}`,
          },
        ]}
      />
    </section>
  )
}

function whyNoTotal(reason: string | null, missing: number): string {
  return reason === 'incomplete' && missing > 0
    ? `${countText(missing, 'account has', 'accounts have')} no number, so there is no honest total.`
    : reasonSays(reason)
}

/** A total as a chart shows it. Accounts of one platform are added only where one rule holds, so the first part with one names it. */
function pointOf({ day, value, reason, known, parts }: Total): DayPoint[] {
  if (day === null) return []
  const rules = parts.flatMap(({ version, provider }) => (version === null ? [] : [`${provider} ${version}`]))
  return [{ day, value, reason, final: true, known, version: [...new Set(rules)].sort().join(', ') || null }]
}

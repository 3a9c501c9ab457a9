import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useAvailability, useDefinitions, useProviderLook } from '../../data/manifest.ts'
import { Card } from '../../ui/card.tsx'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Select } from '../../ui/field.tsx'
import { CableMark, Jack } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Hint } from '../../ui/relative-time.tsx'
import { byFamily, metricFamily, metricName } from '../../words/metric-names.ts'
import { reasonSays } from '../../words/null-reasons.ts'

const route = getRouteApi('/metrics')

/** Which platform gives which metric, and why the others do not: as the manifests say it. */
export function AvailabilityTab() {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/metrics' })
  const query = useAvailability()
  const definitions = useDefinitions()
  const look = useProviderLook()
  return (
    <Card
      flush
      label="Who gives what"
      more={
        <span className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-soft">
          <Key shape="plugged" className="text-good" says="given" />
          <Key shape="partial" className="text-warn" says="under a condition" />
          <Key shape="crossed" className="text-soft" says="not given, with the reason" />
          <Key shape="empty" className="text-edge" says="has no such thing" />
        </span>
      }
    >
      <Loaded query={query}>
        {({ data }) => {
          const known = [...new Set(data.map(({ metric }) => metric))].sort(byFamily)
          const families = [...new Set(known.map(metricFamily))]
          const metrics = known.filter((metric) => !search.metric || metricFamily(metric) === search.metric)
          const providers = [...new Set(data.map(({ provider }) => provider))].sort((a, b) =>
            look(a).name.localeCompare(look(b).name),
          )
          if (known.length === 0)
            return <EmptyState title="No platform gives numbers">This server has no platforms.</EmptyState>
          const cells = new Map(data.map((row) => [`${row.metric} ${row.provider}`, row]))
          const columns: Column<string>[] = [
            {
              name: 'Metric',
              className: 'min-w-36 max-w-60',
              cell: (metric) => (
                <Hint says={definitions.data?.data.find((each) => each.metric === metric)?.summary ?? metric}>
                  <button type="button" className="cursor-help text-left">
                    <span className="block font-medium">{metricName(metric)}</span>
                    <span className="block text-sm text-soft">{metricFamily(metric)}</span>
                  </button>
                </Hint>
              ),
            },
            ...providers.map((provider) => ({
              name: provider,
              head: (
                <span className="inline-flex items-center gap-2">
                  <CableMark {...look(provider)} size={18} />
                  {look(provider).name}
                </span>
              ),
              cell: (metric: string) => <Cell row={cells.get(`${metric} ${provider}`)} />,
            })),
          ]
          return (
            <>
              <div className="border-b border-line p-3">
                <Select
                  label="Family"
                  hiddenLabel
                  className="max-w-60"
                  value={search.metric ?? ''}
                  onChange={(event) =>
                    void navigate({ search: { ...search, metric: event.target.value || undefined } })
                  }
                  choices={[{ value: '', name: 'Every metric' }, ...families.map((name) => ({ value: name, name }))]}
                />
              </div>
              <DataTable
                caption="Which platform gives which metric"
                rows={metrics}
                rowKey={(metric) => metric}
                columns={columns}
                pinned
              />
            </>
          )
        }}
      </Loaded>
      <p className="border-t border-line px-4 py-2.5 text-sm text-soft">
        What a single account lacks stands on its{' '}
        <Link to="/connections" className="underline decoration-edge underline-offset-4">
          connection
        </Link>
        .
      </p>
    </Card>
  )
}

interface Row {
  readonly available: boolean
  readonly streams: readonly string[]
  readonly says: string | null
}

function Cell({ row }: { row: Row | undefined }) {
  if (!row)
    return (
      <span className="text-edge">
        <Jack shape="empty" size={16} />
        <span className="sr-only">no such thing</span>
      </span>
    )
  const [shape, color, word] = row.available
    ? row.says
      ? (['partial', 'text-warn', row.says] as const)
      : (['plugged', 'text-good', 'given'] as const)
    : (['crossed', 'text-soft', 'not given'] as const)
  const says = row.available
    ? `${row.says ? `${reasonSays(row.says)} ` : ''}Read by ${row.streams.join(', ')}.`
    : reasonSays(row.says)
  return (
    <Hint says={says}>
      <button type="button" className={`inline-flex cursor-help items-center gap-1.5 text-left text-sm ${color}`}>
        <Jack shape={shape} size={16} />
        <span className={row.available && !row.says ? 'sr-only' : 'max-w-40'}>{word}</span>
      </button>
    </Hint>
  )
}

function Key({
  shape,
  className,
  says,
}: {
  shape: 'plugged' | 'partial' | 'crossed' | 'empty'
  className: string
  says: string
}) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span className={className}>
        <Jack shape={shape} />
      </span>
      {says}
    </span>
  )
}

import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useProviderLook, useProviders } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Select } from '../../ui/field.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { type KpiWindow, kpiWindowNames, kpiWindows } from '../../words/kpi-windows.ts'
import { KpiCard } from './kpi-card.tsx'

const route = getRouteApi('/scoreboard')

/** These are counted before anything is connected. */
const ofTheServer = ['K2', 'K3']

/** The numbers by which this server is judged, each with what it was counted from and what was left out. */
export function KpisPage() {
  const { provider, window = '28d' } = route.useSearch()
  const navigate = useNavigate({ from: '/scoreboard' })
  const providers = useProviders()
  const look = useProviderLook()
  const query = useRead(
    ['kpis', window, provider ?? ''],
    (client, signal) => {
      const to = Date.now()
      const from = new Date(to - kpiWindows[window] * 86_400_000).toISOString()
      return client.kpis.read({ from, to: new Date(to).toISOString(), provider }, { signal })
    },
    { staleMs: 60_000 },
  )
  return (
    <>
      <PageHeader title="Scoreboard">
        How well this server does what it promises, counted anew from what is written down. What was left out of a
        number is listed with it.
      </PageHeader>
      <div className="mb-4 flex flex-wrap gap-3">
        <Select
          label="Window"
          hiddenLabel
          className="min-w-40"
          value={window}
          onChange={(event) => void navigate({ search: { provider, window: event.target.value as KpiWindow } })}
          choices={Object.entries(kpiWindowNames).map(([value, name]) => ({ value, name }))}
        />
        <Select
          label="Platform"
          hiddenLabel
          className="min-w-48"
          value={provider ?? ''}
          onChange={(event) => void navigate({ search: { window, provider: event.target.value || undefined } })}
          choices={[
            { value: '', name: 'All platforms' },
            ...(providers.data?.data ?? []).map(({ id, name }) => ({ value: id, name })),
          ]}
        />
      </div>
      <Loaded query={query}>
        {({ data, from, to }) =>
          data.every(({ id, overall }) => ofTheServer.includes(id) || overall.value === null) ? (
            <Card>
              <EmptyState title="Nothing was counted yet">
                The numbers come with the first accounts that are connected and read.
              </EmptyState>
            </Card>
          ) : (
            <>
              <ul className="grid grid-cols-[minmax(0,1fr)] gap-5 md:grid-cols-2 2xl:grid-cols-3">
                {data.map((kpi) => (
                  <li key={kpi.id} className="min-w-0">
                    <KpiCard kpi={kpi} nameOf={(id) => look(id).name} />
                  </li>
                ))}
              </ul>
              <p className="mt-4 text-sm text-soft">
                From <RelativeTime at={from} /> to <RelativeTime at={to} />.
              </p>
            </>
          )
        }
      </Loaded>
    </>
  )
}

import { getRouteApi } from '@tanstack/react-router'
import { PageHeader } from '../../ui/page-header.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { ForecastTab } from './forecast.tsx'
import { NowTab } from './now.tsx'
import { WhatIfTab } from './what-if.tsx'

const route = getRouteApi('/quotas')

/** Every limit of every platform: how much is used, what the schedule will make of it, and what else would fit. */
export function QuotasPage() {
  const { tab = 'now', provider } = route.useSearch()
  return (
    <>
      <PageHeader title="Quotas">
        What the platforms allow, and how much of it is used. Patchbay counts every call before it is sent, and stays
        under each limit.
      </PageHeader>
      <div className="mb-5 border-b border-line">
        <Tabs
          label="Views of the quotas"
          tabs={[
            { name: 'Now', link: { to: '/quotas', search: { provider } }, current: tab === 'now' },
            {
              name: 'Forecast',
              link: { to: '/quotas', search: { provider, tab: 'forecast' } },
              current: tab === 'forecast',
            },
            {
              name: 'What if',
              link: { to: '/quotas', search: { provider, tab: 'what-if' } },
              current: tab === 'what-if',
            },
          ]}
        />
      </div>
      {tab === 'now' && <NowTab />}
      {tab === 'forecast' && <ForecastTab />}
      {tab === 'what-if' && <WhatIfTab />}
    </>
  )
}

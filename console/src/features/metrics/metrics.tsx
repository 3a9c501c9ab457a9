import { getRouteApi } from '@tanstack/react-router'
import { PageHeader } from '../../ui/page-header.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { AvailabilityTab } from './availability.tsx'
import { ExportTab } from './export.tsx'
import { NumbersTab } from './numbers.tsx'

const route = getRouteApi('/metrics')

/** Every number that is stored: over time, beside earlier ones, together, and as a file. */
export function MetricsPage() {
  const { tab = 'numbers', profile, connections } = route.useSearch()
  const whose = { profile, connections }
  return (
    <>
      <PageHeader title="Metrics">
        Numbers over days, weeks and months, with what they mean and where each comes from. What cannot be added or
        compared is said, and never guessed.
      </PageHeader>
      <div className="mb-5 border-b border-line">
        <Tabs
          label="Views of the metrics"
          tabs={[
            { name: 'Numbers', link: { to: '/metrics', search: whose }, current: tab === 'numbers' },
            {
              name: 'Who gives what',
              link: { to: '/metrics', search: { ...whose, tab: 'availability' } },
              current: tab === 'availability',
            },
            {
              name: 'Export',
              link: { to: '/metrics', search: { ...whose, tab: 'export' } },
              current: tab === 'export',
            },
          ]}
        />
      </div>
      {tab === 'numbers' && <NumbersTab />}
      {tab === 'availability' && <AvailabilityTab />}
      {tab === 'export' && <ExportTab />}
    </>
  )
}

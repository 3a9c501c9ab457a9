import { getRouteApi, Link } from '@tanstack/react-router'
import { ArtistsTable } from '../features/artists/artists-table.tsx'
import { NeedsMe } from '../features/overview/needs-me.tsx'
import { QuotaPressure } from '../features/overview/quota-pressure.tsx'
import { RecentRuns } from '../features/overview/recent-runs.tsx'
import { StateStrip } from '../features/overview/state-strip.tsx'
import { Card } from '../ui/card.tsx'
import { PageHeader } from '../ui/page-header.tsx'
import { PasswordHint } from './password-hint.tsx'

const route = getRouteApi('/')

/** The first page: what needs somebody, how everything stands, and everybody's numbers. */
export function OverviewPage() {
  const { after } = route.useSearch()
  return (
    <>
      <PageHeader title="Overview" />
      <PasswordHint />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="space-y-5">
          <StateStrip />
          <NeedsMe />
          <Card
            flush
            label="Artists"
            more={
              <Link to="/artists" className="text-sm underline decoration-edge underline-offset-4">
                All artists
              </Link>
            }
          >
            <ArtistsTable after={after} here="/" />
          </Card>
        </div>
        <div className="space-y-5">
          <QuotaPressure />
          <RecentRuns />
        </div>
      </div>
    </>
  )
}

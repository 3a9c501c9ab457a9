import { getRouteApi } from '@tanstack/react-router'
import { ConnectLink } from '../../parts/connect-link.tsx'
import { Card } from '../../ui/card.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { ArtistsTable } from './artists-table.tsx'

const route = getRouteApi('/artists')

export function ArtistsPage() {
  const { after } = route.useSearch()
  return (
    <>
      <PageHeader title="Artists" actions={<ConnectLink />}>
        Everybody whose accounts are connected, by id. Open one for all numbers and where each comes from.
      </PageHeader>
      <Card flush>
        <ArtistsTable after={after} here="/artists" />
      </Card>
    </>
  )
}

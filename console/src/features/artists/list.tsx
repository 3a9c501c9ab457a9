import { getRouteApi, Link } from '@tanstack/react-router'
import { Cable } from 'lucide-react'
import { buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { ArtistsTable } from './artists-table.tsx'

const route = getRouteApi('/artists')

export function ArtistsPage() {
  const { after } = route.useSearch()
  return (
    <>
      <PageHeader
        title="Artists"
        actions={
          <Link to="/connect" className={buttonClass('primary')}>
            <Cable size={17} aria-hidden /> Connect an account
          </Link>
        }
      >
        Everybody whose accounts are connected, by id. Open one for all numbers and where each comes from.
      </PageHeader>
      <Card flush>
        <ArtistsTable after={after} here="/artists" />
      </Card>
    </>
  )
}

import { getRouteApi } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Catalogue } from './catalogue.tsx'
import { DeliveriesCard } from './deliveries.tsx'
import { EndpointForm } from './endpoint-form.tsx'
import { EndpointList } from './list.tsx'

const route = getRouteApi('/endpoints')

/** Where applications take events, what each was sent, and what events there are. */
export function EndpointsPage() {
  const search = route.useSearch()
  const { tab = 'endpoints' } = search
  const [making, setMaking] = useState(false)
  return (
    <>
      <PageHeader
        title="Event endpoints"
        actions={
          <Button look="primary" icon={<Plus size={16} aria-hidden />} onClick={() => setMaking(true)}>
            New endpoint
          </Button>
        }
      >
        Applications are told what happens here: signed, in the way of Standard Webhooks, and tried for three days.
      </PageHeader>
      <div className="mb-5 border-b border-line">
        <Tabs
          label="Views of what goes out"
          tabs={[
            { name: 'Endpoints', link: { to: '/endpoints', search: {} }, current: tab === 'endpoints' },
            {
              name: 'Deliveries',
              link: { to: '/endpoints', search: { tab: 'deliveries' } },
              current: tab === 'deliveries',
            },
            { name: 'Events', link: { to: '/endpoints', search: { tab: 'events' } }, current: tab === 'events' },
          ]}
        />
      </div>
      {tab === 'endpoints' && <EndpointList make={() => setMaking(true)} />}
      {tab === 'deliveries' && (
        <DeliveriesCard
          search={search}
          link={(more) => ({ to: '/endpoints', search: { tab: 'deliveries', ...more }, resetScroll: false })}
        />
      )}
      {tab === 'events' && <Catalogue shown={search.event} />}
      {making && <EndpointForm endpoint={null} close={() => setMaking(false)} />}
    </>
  )
}

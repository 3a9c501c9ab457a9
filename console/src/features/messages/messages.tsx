import { getRouteApi } from '@tanstack/react-router'
import { PageHeader } from '../../ui/page-header.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { AddressesTab } from './addresses.tsx'
import { MessagesTab } from './list.tsx'
import { SubscriptionsTab } from './subscriptions.tsx'

const route = getRouteApi('/webhooks')

/** What platforms sent: verified, kept as it came, and what became of it. */
export function WebhooksPage() {
  const { tab = 'messages' } = route.useSearch()
  return (
    <>
      <PageHeader title="Webhooks">
        What platforms sent, verified before it was kept, exactly as it came. Anything can be worked through again: what
        it did already it does not do twice.
      </PageHeader>
      <div className="mb-5 border-b border-line">
        <Tabs
          label="Views of the webhooks"
          tabs={[
            { name: 'Messages', link: { to: '/webhooks', search: {} }, current: tab === 'messages' },
            {
              name: 'Subscriptions',
              link: { to: '/webhooks', search: { tab: 'subscriptions' } },
              current: tab === 'subscriptions',
            },
            {
              name: 'Addresses',
              link: { to: '/webhooks', search: { tab: 'addresses' } },
              current: tab === 'addresses',
            },
          ]}
        />
      </div>
      {tab === 'messages' && <MessagesTab />}
      {tab === 'subscriptions' && <SubscriptionsTab />}
      {tab === 'addresses' && <AddressesTab />}
    </>
  )
}

import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useRead } from '../../data/patchbay.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Tag } from '../../ui/badge.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { OutsideLink } from '../../ui/outside-link.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Source } from '../../ui/source.tsx'
import { metricName } from '../../words/metric-names.ts'
import { amountText, perText, windowText } from '../../words/quotas.ts'
import { DefinitionForm } from './definition-form.tsx'

const route = getRouteApi('/setup/platforms/$platform')

/** One platform: what it offers, and its definition when it is one of your own. `new` is one that is about to be described. */
export function PlatformPage() {
  const { platform } = route.useParams()
  return platform === 'new' ? <NewPlatform /> : <Known id={platform} />
}

const above = (
  <Link to="/setup/platforms" className="text-inherit">
    Platforms
  </Link>
)

function NewPlatform() {
  return (
    <>
      <PageHeader title="Platform of your own" above={above}>
        One JSON document says who it is, how it consents, what is read and within which limits. It is checked as a
        whole before it is taken, and belongs to this environment.
      </PageHeader>
      <DefinitionForm document={null} />
    </>
  )
}

function Known({ id }: { id: string }) {
  const navigate = useNavigate()
  const [removing, setRemoving] = useState(false)
  const query = useRead(['providers', 'one', id], (client, signal) => client.providers.read({ id }, { signal }))
  const definition = query.data?.definition
  return (
    <>
      <PageHeader
        title={query.data?.provider.name ?? id}
        above={above}
        actions={
          query.data && (
            <>
              <Link to="/setup/apps" className={buttonClass()}>
                Its apps
              </Link>
              {definition && (
                <Button icon={<Trash2 size={16} aria-hidden />} onClick={() => setRemoving(true)}>
                  Remove
                </Button>
              )}
            </>
          )
        }
      >
        {query.data?.provider.summary}
      </PageHeader>
      <Loaded query={query} skeleton={<Skeleton className="h-60 w-full rounded-xl" />}>
        {({ provider, definition }) => (
          <div className="space-y-5">
            <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-2">
              <Card label="Who it is">
                <Facts
                  facts={[
                    ['From', <Tag key="from">{provider.custom ? 'your own' : 'the catalog'}</Tag>],
                    ['Kind', provider.category],
                    ['Consent', provider.auth.scheme],
                    [
                      'Documentation',
                      <OutsideLink key="docs" href={provider.docs}>
                        {provider.docs}
                      </OutsideLink>,
                    ],
                    ...(definition
                      ? ([
                          ['Version', `${definition.version}`],
                          ['Changed', <RelativeTime key="changed" at={definition.updatedAt} />],
                        ] as const)
                      : []),
                  ]}
                />
                {provider.preflight.length > 0 && (
                  <ul className="mt-3 list-disc space-y-1 pl-5 text-soft">
                    {provider.preflight.map((each) => (
                      <li key={each}>{each}</li>
                    ))}
                  </ul>
                )}
              </Card>
              <Card label="Limits">
                {provider.quotas.length === 0 ? (
                  <p className="text-soft">None is declared.</p>
                ) : (
                  <ul className="space-y-4">
                    {provider.quotas.map((quota) => (
                      <li key={quota.id}>
                        <p>
                          <span className="font-medium">{quota.id}</span> · {amountText(quota.limit, quota.unit)}{' '}
                          {windowText(quota.window)}, {perText(quota.per)}
                        </p>
                        <Source source={quota.source} />
                      </li>
                    ))}
                  </ul>
                )}
              </Card>
            </div>
            <Card flush label="Streams">
              {provider.streams.length === 0 ? (
                <p className="px-4 py-4 text-soft">Nothing is read from it.</p>
              ) : (
                <DataTable
                  caption="Streams"
                  rows={provider.streams}
                  rowKey={(stream) => stream.id}
                  columns={[
                    { name: 'Stream', cell: (stream) => <span className="font-medium">{stream.id}</span> },
                    { name: 'What', className: 'min-w-48', cell: ({ summary }) => summary },
                    { name: 'Every', cell: ({ every }) => every },
                    {
                      name: 'Numbers',
                      className: 'min-w-48 text-sm',
                      cell: ({ metrics }) => metrics.map(metricName).join(', ') || 'none',
                    },
                  ]}
                />
              )}
            </Card>
            {definition && <DefinitionForm document={definition.document} />}
          </div>
        )}
      </Loaded>
      {removing && (
        <Confirm
          title={`Remove ${query.data?.provider.name ?? id}?`}
          verb="Remove"
          look="danger"
          act={(client) => client.providers.remove({ id })}
          then={() => void navigate({ to: '/setup/platforms' })}
          renews={[['providers']]}
          told="The platform is removed."
          close={() => setRemoving(false)}
        >
          <p>Only a platform that no connection uses any more can be removed.</p>
        </Confirm>
      )}
    </>
  )
}

import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useRead } from '../../data/patchbay.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Badge, Tag } from '../../ui/badge.tsx'
import { Card } from '../../ui/card.tsx'
import { CopyId } from '../../ui/copy-id.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Jack, toneGround } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { RelativeTime, useNow } from '../../ui/relative-time.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Tags } from '../../ui/tags.tsx'
import { endpointState, signingNames } from '../../words/deliveries.ts'
import { DeliveriesCard } from './deliveries.tsx'
import { EndpointActions } from './endpoint-actions.tsx'
import { type Endpoint, hostOf } from './list.tsx'

const route = getRouteApi('/endpoints/$endpoint')

/** One endpoint: how it fares, what signs, and what it was sent. */
export function EndpointPage() {
  const { endpoint: id } = route.useParams()
  const search = route.useSearch()
  const navigate = useNavigate()
  const [removing, setRemoving] = useState(false)
  const query = useRead(['endpoints', 'one', id], (client, signal) => client.endpoints.read({ id }, { signal }), {
    everyMs: 10_000,
  })
  const endpoint = query.data
  return (
    <>
      <PageHeader
        title={endpoint ? endpoint.description || hostOf(endpoint.url) : 'Endpoint'}
        above={
          <Link to="/endpoints" className="text-inherit">
            Event endpoints
          </Link>
        }
        actions={endpoint && <EndpointActions endpoint={endpoint} remove={() => setRemoving(true)} />}
      >
        {endpoint && <CopyId id={endpoint.url} label="the address" />}
      </PageHeader>
      <Loaded query={query} skeleton={<Skeleton className="h-40 w-full rounded-xl" />}>
        {(endpoint) => (
          <>
            <Trouble endpoint={endpoint} />
            <div className="mb-5 grid grid-cols-[minmax(0,1fr)] gap-5 lg:grid-cols-2">
              <Card label="What it wants" more={<Badge state={endpointState(endpoint)} />}>
                <Facts
                  facts={[
                    ['Types', endpoint.types === null ? 'every event' : <Tags key="types" words={endpoint.types} />],
                    [
                      'Artists',
                      endpoint.profiles === null ? 'everybody' : <Tags key="profiles" words={endpoint.profiles} />,
                    ],
                    ['In order', endpoint.ordered ? 'one after the other' : 'as fast as it takes them'],
                    ['Id', <CopyId key="id" id={endpoint.id} label="the endpoint’s id" />],
                    ['Made', <RelativeTime key="made" at={endpoint.createdAt} />],
                  ]}
                />
              </Card>
              <Card label="What signs">
                <ul className="space-y-4">
                  {endpoint.signing.map((key, index) => (
                    <li key={key.id}>
                      <p className="flex flex-wrap items-center gap-x-3">
                        <span className="font-medium">{signingNames[key.kind]}</span>
                        <Tag>{index === 0 ? 'the newest' : 'signs beside it'}</Tag>
                        <span className="text-sm text-soft">
                          made <RelativeTime at={key.createdAt} />
                          {key.until && (
                            <>
                              , until <RelativeTime at={key.until} />
                            </>
                          )}
                        </span>
                      </p>
                      {key.publicKey ? (
                        <CopyId id={key.publicKey} wide label="the public key" />
                      ) : (
                        <p className="text-sm text-soft">Shown once, when it was made. Only a sealed copy is kept.</p>
                      )}
                    </li>
                  ))}
                </ul>
              </Card>
            </div>
            <DeliveriesCard
              endpoint={id}
              search={search}
              link={(more) => ({
                to: '/endpoints/$endpoint',
                params: { endpoint: id },
                search: { ...more },
                resetScroll: false,
              })}
            />
          </>
        )}
      </Loaded>
      {removing && endpoint && (
        <Confirm
          title={`Remove ${endpoint.description || hostOf(endpoint.url)}?`}
          verb="Remove"
          look="danger"
          act={(client) => client.endpoints.remove({ id })}
          then={() => void navigate({ to: '/endpoints', search: {} })}
          renews={[['endpoints', 'list'], ['tasks']]}
          told="The endpoint is removed."
          close={() => setRemoving(false)}
        >
          <p>Its deliveries go with it, also those that wait. The events stay.</p>
        </Confirm>
      )}
    </>
  )
}

/** Why nothing gets through, and what mends it. Nothing when all is well. */
function Trouble({ endpoint }: { endpoint: Endpoint }) {
  const words = endpointState(endpoint)
  const now = useNow()
  if (endpoint.enabled && endpoint.failingSince === null) return null
  const since = endpoint.disabled?.at ?? endpoint.failingSince
  return (
    <section
      aria-label="What is wrong"
      className={`mb-5 flex gap-3 rounded-xl border border-current/40 p-4 ${toneGround[words.tone]}`}
    >
      <span className="mt-0.5">
        <Jack shape={words.shape} size={20} />
      </span>
      <div className="min-w-0 text-ink">
        <p className="font-semibold">
          {words.name} since <RelativeTime at={since} />
        </p>
        <p>{words.says}</p>
        <p className="mt-1 text-soft">
          {endpoint.enabled
            ? 'What waits is tried again by itself. Mend the receiver, then test it.'
            : 'What happens meanwhile is not sent. Switch it on again, and recover what it has missed.'}
          {endpoint.restUntil && Date.parse(endpoint.restUntil) > now && (
            <>
              {' '}
              It is left alone until <RelativeTime at={endpoint.restUntil} />.
            </>
          )}
        </p>
      </div>
    </section>
  )
}

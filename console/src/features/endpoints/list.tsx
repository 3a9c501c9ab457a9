import type { Operations } from '@patchbay/sdk'
import { Link } from '@tanstack/react-router'
import { useRead } from '../../data/patchbay.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { endpointState, wantedText } from '../../words/deliveries.ts'
import { countText } from '../../words/numbers.ts'

export type Endpoint = Awaited<ReturnType<Operations['endpoints']['list']>>['data'][number]

export function useEndpoints() {
  return useRead(['endpoints', 'list'], (client, signal) => client.endpoints.list({}, { signal }), { everyMs: 15_000 })
}

/** Every endpoint, and how it fares. */
export function EndpointList({ make }: { make: () => void }) {
  const query = useEndpoints()
  return (
    <Card flush>
      <Loaded query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <EmptyState title="No application is told yet" action={<Button onClick={make}>Make the first one</Button>}>
              An endpoint is an address of your application. What happens here is sent there within a second.
            </EmptyState>
          ) : (
            <DataTable
              caption="Endpoints"
              rows={data}
              rowKey={({ id }) => id}
              pinned
              columns={[
                {
                  name: 'Endpoint',
                  className: 'min-w-44 max-w-80',
                  cell: ({ id, url, description }) => (
                    <Link
                      to="/endpoints/$endpoint"
                      params={{ endpoint: id }}
                      className="block no-underline hover:underline"
                    >
                      <span className="line-clamp-1 font-medium">{description || hostOf(url)}</span>
                      <span className="line-clamp-1 font-mono text-xs text-soft">{url}</span>
                    </Link>
                  ),
                },
                {
                  name: 'State',
                  cell: (endpoint) => (
                    <>
                      <Badge state={endpointState(endpoint)} />
                      {endpoint.enabled && endpoint.failingSince && (
                        <span className="block text-sm text-soft">
                          since <RelativeTime at={endpoint.failingSince} />
                        </span>
                      )}
                    </>
                  ),
                },
                { name: 'Wants', className: 'min-w-44 text-sm', cell: ({ types }) => wantedText(types) },
                {
                  name: 'Of',
                  className: 'text-sm',
                  cell: ({ profiles }) => (profiles === null ? 'everybody' : countText(profiles.length, 'artist')),
                },
                {
                  name: 'In order',
                  cell: ({ ordered }) => (ordered ? 'one after the other' : <span className="text-soft">no</span>),
                },
                { name: 'Made', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
              ]}
            />
          )
        }
      </Loaded>
    </Card>
  )
}

export const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url)

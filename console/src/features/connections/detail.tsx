import { getRouteApi, Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { type Connection, useProviderLook } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { endConnectWindow } from '../../parts/connect-window.ts'
import { Freshness } from '../../parts/freshness.tsx'
import { ProviderName } from '../../parts/provider-name.tsx'
import { Records } from '../../parts/records.tsx'
import { Badge } from '../../ui/badge.tsx'
import { CopyId } from '../../ui/copy-id.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { Picture } from '../../ui/picture.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { connectionState } from '../../words/states.ts'
import { Actions } from './actions.tsx'
import { CallsTab } from './calls.tsx'
import { Clocks } from './clocks.tsx'
import { OverviewTab } from './overview.tsx'
import { PermissionsTab } from './permissions.tsx'
import { StreamsTab } from './streams.tsx'
import { TimelineTab } from './timeline.tsx'
import { TroubleCard } from './trouble-card.tsx'

const route = getRouteApi('/connections/$connection')
const names = {
  overview: 'Overview',
  streams: 'Streams',
  timeline: 'Timeline',
  calls: 'Calls',
  records: 'Records',
  permissions: 'Permissions',
} as const

/** One connection: how it stands, why, and what can be done. */
export function ConnectionPage() {
  const { connection: id } = route.useParams()
  const search = route.useSearch()
  const tab = search.tab ?? 'overview'
  const look = useProviderLook()
  useEffect(() => {
    if (search.status !== undefined) endConnectWindow()
  }, [search.status])
  const query = useRead(['connections', 'read', id], (client, signal) => client.connections.read({ id }, { signal }), {
    everyMs: 15_000,
  })
  const connection = query.data
  return (
    <>
      <PageHeader
        title={connection?.account.name ?? 'Connection'}
        above={
          <Link to="/connections" className="text-inherit">
            Connections
          </Link>
        }
        mark={<Picture src={connection?.account.imageUrl ?? null} name={connection?.account.name ?? '·'} size={44} />}
        actions={connection && <Actions connection={connection} />}
      >
        {connection && (
          <span className="flex flex-wrap items-center gap-x-4 gap-y-1.5">
            <ProviderName id={connection.provider} size={20} />
            {connection.account.handle && <span>{connection.account.handle}</span>}
            <span>
              Artist{' '}
              <Link
                to="/artists/$profile"
                params={{ profile: connection.profile }}
                className="underline decoration-edge underline-offset-4"
              >
                {connection.profile}
              </Link>
            </span>
            <CopyId id={connection.id} label="the connection’s id" />
          </span>
        )}
      </PageHeader>
      <Loaded query={query} skeleton={<Skeleton className="h-40 w-full rounded-xl" />}>
        {(connection) => (
          <>
            <div className="mb-4 grid grid-cols-[minmax(0,1fr)] gap-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,1.4fr)]">
              <div className="flex flex-wrap content-center items-center gap-x-5 gap-y-2 rounded-xl border border-line bg-panel px-4 py-3">
                <Badge state={connectionState(connection.state)} says={connection.says} />
                <Freshness freshness={connection.freshness} long />
              </div>
              {!isOver(connection.state) && <Clocks clocks={connection.clocks} endsAt={connection.endsAt} />}
            </div>
            <TroubleCard connection={connection} platform={look(connection.provider).name} />
            <div className="mb-5 border-b border-line">
              <Tabs
                label="Views of the connection"
                tabs={(Object.keys(names) as (keyof typeof names)[]).map((each) => ({
                  name: names[each],
                  current: each === tab,
                  link: {
                    to: '/connections/$connection',
                    params: { connection: id },
                    search: each === 'overview' ? {} : { tab: each },
                    resetScroll: false,
                  },
                }))}
              />
            </div>
            {tab === 'overview' && <OverviewTab connection={connection} />}
            {tab === 'streams' && <StreamsTab connection={connection} stream={search.stream} after={search.after} />}
            {tab === 'timeline' && <TimelineTab connection={connection} />}
            {tab === 'calls' && (
              <CallsTab connection={connection} failed={search.failed} run={search.run} after={search.after} />
            )}
            {tab === 'records' && (
              <Records
                whose={{ connection: id }}
                search={search}
                link={(more) => ({
                  to: '/connections/$connection',
                  params: { connection: id },
                  search: { tab: 'records', ...more },
                  resetScroll: false,
                })}
              />
            )}
            {tab === 'permissions' && <PermissionsTab connection={connection} />}
          </>
        )}
      </Loaded>
    </>
  )
}

/** The clocks of an access that is over go on, and mean nothing any more. */
const isOver = (state: Connection['state']) => ['disconnected', 'needs_reauth', 'revoked'].includes(state)

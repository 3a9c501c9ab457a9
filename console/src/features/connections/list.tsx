import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type Connection, useProviders, useQuotas } from '../../data/manifest.ts'
import { usePatchbay, useRead } from '../../data/patchbay.tsx'
import { walkPages } from '../../data/walk-pages.ts'
import { AccountName } from '../../parts/account-name.tsx'
import { ConnectLink } from '../../parts/connect-link.tsx'
import { Freshness } from '../../parts/freshness.tsx'
import { ValidateAll } from '../../parts/validate-all.tsx'
import { Badge } from '../../ui/badge.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Select } from '../../ui/field.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Meter } from '../../ui/meter.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { Pager } from '../../ui/pager.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Choices } from '../../ui/tabs.tsx'
import { countText, noNumber, percentUsed } from '../../words/numbers.ts'
import { whoActs } from '../../words/problems.ts'
import { connectionState, connectionStateOrder } from '../../words/states.ts'

const route = getRouteApi('/connections')
const pageSize = 25

/** All connected accounts, with filters that stand in the address. */
export function ConnectionsPage() {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/connections' })
  const providers = useProviders()
  const query = useConnections(search)
  const filtered = search.view ?? search.provider ?? search.state ?? search.profile
  return (
    <>
      <PageHeader
        title="Connections"
        actions={
          <>
            <ValidateAll profile={search.profile} provider={search.provider} />
            <ConnectLink />
          </>
        }
      >
        Every account that is plugged in, how it stands, and who has to act.
      </PageHeader>
      <div className="mb-4 flex flex-wrap items-center gap-2">
        <Choices
          label="Saved filters"
          choices={[
            {
              name: 'All',
              current: search.view === undefined,
              link: { to: '/connections', search: { provider: search.provider, profile: search.profile } },
            },
            {
              name: 'Needs me',
              current: search.view === 'needs-me',
              link: {
                to: '/connections',
                search: { provider: search.provider, profile: search.profile, view: 'needs-me' },
              },
            },
            {
              name: 'Late',
              current: search.view === 'late',
              link: {
                to: '/connections',
                search: { provider: search.provider, profile: search.profile, view: 'late' },
              },
            },
          ]}
        />
        <Select
          label="Platform"
          hiddenLabel
          value={search.provider ?? ''}
          onChange={(event) =>
            void navigate({ search: { ...search, after: undefined, provider: event.target.value || undefined } })
          }
          choices={[
            { value: '', name: 'All platforms' },
            ...(providers.data?.data ?? []).map(({ id, name }) => ({ value: id, name })),
          ]}
        />
        <Select
          label="State"
          hiddenLabel
          value={search.state ?? ''}
          onChange={(event) =>
            void navigate({
              search: {
                ...search,
                view: undefined,
                after: undefined,
                state: connectionStateOrder.find((state) => state === event.target.value),
              },
            })
          }
          choices={[
            { value: '', name: 'Any state' },
            ...connectionStateOrder.map((value) => ({ value, name: connectionState(value).name })),
          ]}
        />
        {search.profile && (
          <Link
            to="/connections"
            search={{ ...search, profile: undefined, after: undefined }}
            className={buttonClass('plain', true)}
          >
            Artist {search.profile} ×
          </Link>
        )}
      </div>
      <Card flush>
        <Loaded query={query}>
          {({ data, nextCursor, looked }) =>
            data.length === 0 && nextCursor === null ? (
              <NothingHere filtered={filtered !== undefined} view={search.view} />
            ) : (
              <>
                {data.length === 0 && (
                  <p className="px-4 py-6 text-soft">
                    None among the {countText(looked, 'connection')} looked at so far.
                  </p>
                )}
                {data.length > 0 && <ConnectionsTable connections={data} />}
                <Pager
                  says={
                    search.view
                      ? `${countText(data.length, 'connection')} found in ${countText(looked, 'connection')}`
                      : undefined
                  }
                  first={
                    search.after === undefined ? null : { to: '/connections', search: { ...search, after: undefined } }
                  }
                  next={nextCursor === null ? null : { to: '/connections', search: { ...search, after: nextCursor } }}
                />
              </>
            )
          }
        </Loaded>
      </Card>
    </>
  )
}

type Search = ReturnType<typeof route.useSearch>

/**
 * A page of the list. `needs me` is several states one after the other; `late` looks through the list for old readings, because the API filters by one
 * state only.
 */
function useConnections(search: Search) {
  const { view, provider, profile, state, after } = search
  return useRead(
    ['connections', 'list', { view, provider, profile, state, after }],
    async (client, signal) => {
      const list = (more: { state?: Connection['state'] }, limit: number) => (cursor: string | undefined) =>
        client.connections.list({ provider, profile, ...more, cursor, limit }, { signal })
      if (view === 'needs-me')
        return walkPages(
          [
            list({ state: 'needs_reauth' }, pageSize),
            list({ state: 'revoked' }, pageSize),
            list({ state: 'degraded' }, pageSize),
          ],
          { cursor: after, limit: pageSize, wanted: needsSomebody },
        )
      if (view === 'late')
        return walkPages([list({}, 200)], {
          cursor: after,
          limit: pageSize,
          wanted: ({ freshness, state }) =>
            state !== 'paused' &&
            state !== 'disconnected' &&
            (freshness.badge === 'aging' || freshness.badge === 'stale'),
        })
      const page = await list({ state }, pageSize)(after)
      return { ...page, looked: page.data.length }
    },
    { keep: true, everyMs: 30_000 },
  )
}

/** What works in part because the platform is down passes by itself; what lacks a permission does not. */
function needsSomebody({ state, fixedBy, scopes }: Connection): boolean {
  return state !== 'degraded' || scopes.missing.length > 0 || ['owner', 'operator', 'caller'].includes(fixedBy ?? '')
}

function ConnectionsTable({ connections }: { connections: readonly Connection[] }) {
  return (
    <DataTable
      caption="Connections"
      rows={connections}
      rowKey={({ id }) => id}
      pinned
      columns={[
        {
          name: 'Account',
          className: 'max-w-52 min-w-40 sm:max-w-72 sm:min-w-48',
          cell: ({ id, account, provider }) => (
            <Link
              to="/connections/$connection"
              params={{ connection: id }}
              className="block no-underline hover:underline"
            >
              <AccountName account={account} provider={provider} />
            </Link>
          ),
        },
        {
          name: 'Artist',
          cell: ({ profile }) => (
            <Link
              to="/artists/$profile"
              params={{ profile }}
              className="font-mono text-sm underline decoration-edge underline-offset-4"
            >
              {profile}
            </Link>
          ),
        },
        { name: 'Health', cell: ({ state, says }) => <Badge state={connectionState(state)} says={says} /> },
        { name: 'Freshness', cell: ({ freshness }) => <Freshness freshness={freshness} /> },
        { name: 'Next reading', cell: (connection) => <NextReading connection={connection} /> },
        { name: 'Quota', className: 'min-w-24', cell: (connection) => <Pressure connection={connection} /> },
        { name: 'Who acts', className: 'min-w-44 text-sm', cell: (connection) => <WhoActs connection={connection} /> },
      ]}
    />
  )
}

/** The soonest of its streams. The list does not carry it, so each row asks. */
function NextReading({ connection }: { connection: Connection }) {
  const reads = !['paused', 'revoked', 'disconnected', 'needs_reauth'].includes(connection.state)
  const query = useRead(
    ['connections', 'streams', connection.id],
    (client, signal) => client.connections.streams({ id: connection.id }, { signal }),
    { enabled: reads, staleMs: 30_000 },
  )
  if (!reads) return <span className="text-soft">none</span>
  if (query.error) return <span className="text-soft">{noNumber}</span>
  if (!query.data) return <Skeleton className="h-4 w-16" />
  const soonest = query.data.data
    .filter(({ blocked }) => blocked === null)
    .map(({ dueAt }) => dueAt)
    .sort()[0]
  return <RelativeTime at={soonest} none="none" />
}

/** Of the limits that it shares and those of its own account: there are thousands of other accounts, and none of theirs holds it up. */
function Pressure({ connection: { integration, account } }: { connection: Connection }) {
  const { data } = useQuotas()
  const fullest = data?.data
    .filter(
      (quota) =>
        quota.integration === integration && quota.limit > 0 && (quota.holder === null || quota.holder === account.id),
    )
    .sort((a, b) => b.used / b.limit - a.used / a.limit)[0]
  if (!fullest) return <span className="text-soft">{noNumber}</span>
  return (
    <span
      className="flex items-center gap-2"
      title={`${fullest.quota}: ${fullest.used} of ${fullest.limit} ${fullest.unit}`}
    >
      <Meter used={fullest.used} limit={fullest.limit} label={`Fullest quota, ${fullest.quota}`} />
      <span className="number text-sm text-soft">{percentUsed(fullest.used, fullest.limit)}%</span>
    </span>
  )
}

function WhoActs({ connection }: { connection: Connection }) {
  if (connection.state === 'healthy' || connection.state === 'pending') return <span className="text-soft">Nobody</span>
  return (
    <span>
      <span className="font-medium">{whoActs(connection.fixedBy ?? 'time')}</span>
      {connection.says && <span className="line-clamp-2 text-soft">{connection.says}</span>}
    </span>
  )
}

function NothingHere({ filtered, view }: { filtered: boolean; view: Search['view'] }) {
  const { mode } = usePatchbay()
  if (view === 'needs-me')
    return <EmptyState title="Nothing needs you">Every connection works, or goes on by itself.</EmptyState>
  if (view === 'late')
    return <EmptyState title="Nothing is late">Every connection was read when it was due.</EmptyState>
  if (filtered)
    return (
      <EmptyState
        title="No connection like that"
        action={
          <Link to="/connections" className={buttonClass()}>
            Show all
          </Link>
        }
      />
    )
  return (
    <EmptyState title="No account is connected yet" action={<ConnectLink />}>
      {mode === 'test'
        ? 'Every platform is a pretend one here, with pretend artists: nothing can go wrong.'
        : 'Choose an artist, plug in an account, and its numbers arrive within seconds. To try it out first, change to the test environment, where every platform is a pretend one.'}
    </EmptyState>
  )
}

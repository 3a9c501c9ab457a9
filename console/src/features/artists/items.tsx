import type { Operations } from '@patchbay/sdk'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useProviderLook } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { ProviderName } from '../../parts/provider-name.tsx'
import { Tag } from '../../ui/badge.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Select } from '../../ui/field.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { OutsideLink } from '../../ui/outside-link.tsx'
import { Pager } from '../../ui/pager.tsx'
import { Picture } from '../../ui/picture.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { byFamily, metricName } from '../../words/metric-names.ts'
import { reasonShort } from '../../words/null-reasons.ts'
import { noNumber, numberText } from '../../words/numbers.ts'
import { problemOf } from '../../words/problems.ts'
import { playingTime, publishedText } from '../../words/times.ts'
import type { Account, Explain } from './account-card.tsx'

type Item = Awaited<ReturnType<Operations['items']['list']>>['data'][number]

const route = getRouteApi('/artists/$profile')
const pageSize = 25
const kinds = ['track', 'album', 'video', 'short', 'live', 'post', 'story', 'reel', 'playlist', 'event']

/** What was published, newest first, each with its newest numbers. */
export function ItemsTab(props: { profile: string; accounts: readonly Account[]; explain: Explain }) {
  const { profile, accounts, explain } = props
  const { account, kind, after } = route.useSearch()
  const navigate = useNavigate({ from: '/artists/$profile' })
  const look = useProviderLook()
  const query = useRead(
    ['items', profile, account, kind, after],
    (client, signal) =>
      client.items.list({ profile, connection: account, kind, cursor: after, limit: pageSize }, { signal }),
    { keep: true },
  )
  const filter = (more: { account?: string; kind?: string; after?: string }) => ({
    tab: 'items' as const,
    account,
    kind,
    ...more,
  })
  return (
    <Card
      flush
      label="Items"
      more={
        <div className="flex flex-wrap gap-2">
          <Select
            label="Account"
            hiddenLabel
            value={account ?? ''}
            onChange={(event) => void navigate({ search: filter({ account: event.target.value || undefined }) })}
            choices={[
              { value: '', name: 'All accounts' },
              ...accounts.map((each) => ({
                value: each.connection,
                name: `${look(each.provider).name}: ${each.account.name}`,
              })),
            ]}
          />
          <Select
            label="Kind"
            hiddenLabel
            value={kind ?? ''}
            onChange={(event) => void navigate({ search: filter({ kind: event.target.value || undefined }) })}
            choices={[{ value: '', name: 'All kinds' }, ...kinds.map((value) => ({ value, name: value }))]}
          />
        </div>
      }
    >
      <Loaded query={query}>
        {({ data, nextCursor }) =>
          data.length === 0 && after === undefined ? (
            <EmptyState title={account || kind ? 'Nothing of that kind' : 'Nothing published yet'}>
              Videos, posts, tracks and releases appear here when a platform has told of them.
            </EmptyState>
          ) : (
            <>
              <DataTable
                caption="Items"
                rows={data}
                rowKey={({ connection, id }) => `${connection} ${id}`}
                columns={[
                  { name: 'Title', className: 'min-w-56', cell: (item) => <Title item={item} /> },
                  {
                    name: 'Platform',
                    cell: ({ connection }) => (
                      <ProviderName id={accounts.find((each) => each.connection === connection)?.provider ?? ''} />
                    ),
                  },
                  { name: 'Kind', cell: (item) => <Tag>{item.kind}</Tag> },
                  {
                    name: 'Published',
                    className: 'whitespace-nowrap',
                    cell: ({ publishedAt }) =>
                      publishedAt ? publishedText(publishedAt) : <span className="text-soft">not said</span>,
                  },
                  {
                    name: 'Length',
                    right: true,
                    cell: ({ durationMs }) =>
                      durationMs === null ? <span className="text-soft">{noNumber}</span> : playingTime(durationMs),
                  },
                  {
                    name: 'Numbers',
                    className: 'min-w-64',
                    cell: (item) => <ItemNumbers item={item} explain={explain} />,
                  },
                ]}
              />
              <Pager
                first={
                  after === undefined ? null : { to: '/artists/$profile', params: { profile }, search: filter({}) }
                }
                next={
                  nextCursor === null
                    ? null
                    : { to: '/artists/$profile', params: { profile }, search: filter({ after: nextCursor }) }
                }
              />
            </>
          )
        }
      </Loaded>
    </Card>
  )
}

function Title({ item }: { item: Item }) {
  const codes = Object.entries(item.identifiers)
  return (
    <span className="flex items-center gap-3">
      <Picture src={item.imageUrl} name={item.title} size={40} square />
      <span className="min-w-0">
        <span className="line-clamp-2 font-medium">
          <OutsideLink href={item.url}>{item.title || 'Untitled'}</OutsideLink>
        </span>
        {(codes.length > 0 || item.removedAt || (item.status && item.status !== 'live')) && (
          <span className="flex flex-wrap items-center gap-1.5 text-xs text-soft">
            {item.status && item.status !== 'live' && <Tag>{item.status}</Tag>}
            {item.removedAt && (
              <span>
                gone since <RelativeTime at={item.removedAt} />
              </span>
            )}
            {codes.map(([name, value]) => (
              <span key={name} className="font-mono">
                {name.toUpperCase()} {value}
              </span>
            ))}
          </span>
        )}
      </span>
    </span>
  )
}

function ItemNumbers({ item, explain }: { item: Item; explain: Explain }) {
  const query = useRead(
    ['metrics', 'item', item.connection, item.id],
    (client, signal) =>
      client.metrics.query(
        { connection: item.connection, item: item.id, granularity: 'latest', limit: 100 },
        { signal },
      ),
    { staleMs: 60_000 },
  )
  if (!query.data)
    return query.error ? (
      <span className="text-sm text-bad">{problemOf(query.error).title}</span>
    ) : (
      <Skeleton className="h-4 w-40" />
    )
  const points = query.data.data
    .filter(({ dimensions }) => Object.keys(dimensions).length === 0)
    .sort((a, b) => byFamily(a.metric, b.metric))
  if (points.length === 0) return <span className="text-sm text-soft">none read</span>
  return (
    <span className="flex flex-wrap gap-x-4 gap-y-1">
      {points.map((point) => (
        <button
          key={point.metric}
          type="button"
          onClick={() => explain(item.connection, point.metric, point.period.day, item.id)}
          aria-label={`${metricName(point.metric)} of ${item.title}: where it comes from`}
          className="rounded text-left whitespace-nowrap decoration-edge decoration-dotted underline-offset-4 hover:underline"
        >
          <span className="text-sm text-soft">{metricName(point.metric)} </span>
          {point.value === null ? (
            <span className="text-sm text-soft">
              {noNumber} {reasonShort(point.reason)}
            </span>
          ) : (
            <span className="number font-medium">{numberText(point.value, point.unit)}</span>
          )}
        </button>
      ))}
    </span>
  )
}

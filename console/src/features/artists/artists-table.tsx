import type { Operations } from '@patchbay/sdk'
import { Link } from '@tanstack/react-router'
import { type Provider, useIntegrations, useProviderLook, useProviders } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { ConnectLink } from '../../parts/connect-link.tsx'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { CableMark, Jack, toneText } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pager } from '../../ui/pager.tsx'
import { Hint } from '../../ui/relative-time.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { byFamily, metricName } from '../../words/metric-names.ts'
import { reasonSays, reasonShort } from '../../words/null-reasons.ts'
import { noNumber, numberText } from '../../words/numbers.ts'
import { problemOf } from '../../words/problems.ts'
import { connectionState } from '../../words/states.ts'

type Profile = Awaited<ReturnType<Operations['profiles']['list']>>['data'][number]
type Account = Awaited<ReturnType<Operations['profiles']['summary']>>['accounts'][number]

const pageSize = 20
/** The number that most platforms have; where one has not, the first of its own stands in the column, by its name. */
const usual = 'audience.followers'

/** Everybody, and their headline number on every platform that is set up. A page is read at a time, and each row reads its own numbers. */
export function ArtistsTable({ after, here }: { after: string | undefined; here: '/' | '/artists' }) {
  const look = useProviderLook()
  const providers = useProviders()
  const query = useRead(
    ['profiles', 'list', after],
    (client, signal) => client.profiles.list({ limit: pageSize, cursor: after }, { signal }),
    { keep: true },
  )
  const integrations = useIntegrations()
  const headlines = new Map(providers.data?.data.map((provider) => [provider.id, headlineOf(provider)]))
  const platforms = [...new Set(integrations.data?.data.map(({ provider }) => provider))].sort((a, b) =>
    look(a).name.localeCompare(look(b).name),
  )
  const columns: Column<Profile>[] = [
    {
      name: 'Artist',
      className: 'max-w-44 sm:max-w-72',
      cell: ({ id, name }) => (
        <Link to="/artists/$profile" params={{ profile: id }} className="block min-w-28 no-underline hover:underline">
          <span className="line-clamp-2 font-medium">{name}</span>
          <span className="line-clamp-1 font-mono text-xs text-soft">{id}</span>
        </Link>
      ),
    },
    ...platforms.map((provider) => ({
      name: provider,
      head: (
        <span className="inline-flex items-center gap-2">
          <CableMark {...look(provider)} size={18} />
          <span>
            {look(provider).name}
            <span className="block text-[0.625rem] leading-3 tracking-normal normal-case">
              {metricName(headlines.get(provider) ?? usual)}
            </span>
          </span>
        </span>
      ),
      right: true,
      cell: ({ id }: Profile) => (
        <Headline profile={id} provider={provider} metric={headlines.get(provider) ?? usual} />
      ),
    })),
  ]
  return (
    <Loaded query={query}>
      {({ data, nextCursor }) =>
        data.length === 0 && after === undefined ? (
          <EmptyState title="No artists yet" action={<ConnectLink />}>
            An artist appears here with the first account that is connected for them, or when your application makes
            their profile.
          </EmptyState>
        ) : (
          <>
            <DataTable
              caption="Artists and their headline number on each platform"
              columns={columns}
              rows={data}
              rowKey={({ id }) => id}
              pinned
            />
            <Pager
              says="As last read. An empty socket: no account connected."
              first={after === undefined ? null : { to: here, search: {} }}
              next={nextCursor === null ? null : { to: here, search: { after: nextCursor } }}
            />
          </>
        )
      }
    </Loaded>
  )
}

function Headline({ profile, provider, metric }: { profile: string; provider: string; metric: string }) {
  const query = useRead(
    ['profiles', 'summary', profile],
    (client, signal) => client.profiles.summary({ id: profile }, { signal }),
    { staleMs: 60_000 },
  )
  if (query.data === undefined)
    return query.error ? (
      <Hint says={problemOf(query.error).title}>
        <button type="button" className="inline-flex items-center gap-1.5 text-bad" onClick={() => query.refetch()}>
          <Jack shape="alert" /> try again
        </button>
      </Hint>
    ) : (
      <Skeleton className="ml-auto h-4 w-14" />
    )
  const accounts = query.data.accounts.filter(
    (account) => account.provider === provider && account.state !== 'disconnected',
  )
  if (accounts.length === 0)
    return (
      <span className="inline-block align-middle text-edge">
        <Jack shape="empty" />
        <span className="sr-only">no account</span>
      </span>
    )
  return (
    <span className="flex flex-col items-end gap-0.5">
      {accounts.map((account) => (
        <HeadlineOf key={account.connection} account={account} wanted={metric} />
      ))}
    </span>
  )
}

function HeadlineOf({ account, wanted }: { account: Account; wanted: string }) {
  const found = account.metrics.find(({ metric }) => metric === wanted)
  const state = connectionState(account.state)
  const standing = account.state !== 'healthy' && (
    <Link
      to="/connections/$connection"
      params={{ connection: account.connection }}
      className={toneText[state.tone]}
      title={`${account.account.name}: ${state.name}`}
    >
      <Jack shape={state.shape} />
      <span className="sr-only">{state.name}</span>
    </Link>
  )
  const reason = found
    ? found.reason
    : (account.notOffered[wanted] ?? (account.metrics.length > 0 ? 'not_offered' : 'not_read'))
  return (
    <span className="inline-flex items-center gap-1.5">
      {standing}
      {found && found.value !== null ? (
        <span className="number">{numberText(found.value, found.unit)}</span>
      ) : (
        <Hint says={reasonSays(reason)}>
          <button type="button" className="cursor-help text-soft">
            {noNumber} <span className="text-sm">{reasonShort(reason)}</span>
          </button>
        </Hint>
      )}
    </span>
  )
}

function headlineOf(provider: Provider): string | undefined {
  const metrics = provider.streams
    .toSorted((a, b) => Number(b.headline) - Number(a.headline))
    .flatMap((stream) => stream.metrics)
  return metrics.includes(usual) ? usual : metrics.sort(byFamily)[0]
}

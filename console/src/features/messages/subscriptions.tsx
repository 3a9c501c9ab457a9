import type { Operations } from '@patchbay/sdk'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { RefreshCw } from 'lucide-react'
import { useProviders } from '../../data/manifest.ts'
import { useAct, useRead } from '../../data/patchbay.tsx'
import { ConnectionLink } from '../../parts/id-links.tsx'
import { ProviderName } from '../../parts/provider-name.tsx'
import { Badge, Tag } from '../../ui/badge.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { Select } from '../../ui/field.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pager } from '../../ui/pager.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { useTell } from '../../ui/toast.tsx'
import { subscriptionState } from '../../words/messages.ts'
import { countText, noNumber, numberText } from '../../words/numbers.ts'
import { problemOf } from '../../words/problems.ts'
import { shareText } from '../../words/shares.ts'
import { dayText } from '../../words/times.ts'

type Subscription = Awaited<ReturnType<Operations['subscriptions']['list']>>['data'][number]

const route = getRouteApi('/webhooks')

/** What platforms are asked to tell of, beside what they do tell of; and how much they left out. */
export function SubscriptionsTab() {
  return (
    <div className="space-y-5">
      <LossCard />
      <ListCard />
    </div>
  )
}

function ListCard() {
  const { provider, connection, after } = route.useSearch()
  const navigate = useNavigate({ from: '/webhooks' })
  const providers = useProviders()
  const tell = useTell()
  const selection = { provider, connection }
  const query = useRead(
    ['subscriptions', 'list', selection, after],
    (client, signal) => client.subscriptions.list({ ...selection, cursor: after, limit: 50 }, { signal }),
    { keep: true, everyMs: after === undefined ? 15_000 : false },
  )
  const fix = useAct((client, _: null) => client.subscriptions.fix(selection), [['subscriptions']])
  const link = (more: { after?: string; connection?: string }) => ({
    to: '/webhooks' as const,
    search: { tab: 'subscriptions' as const, provider, ...more },
  })
  return (
    <Card
      flush
      label="Subscriptions"
      more={
        <span className="flex flex-wrap items-center gap-2">
          {connection && (
            <Link {...link({})} className={buttonClass('plain', true)}>
              {connection} ×
            </Link>
          )}
          <Select
            label="Platform"
            hiddenLabel
            value={provider ?? ''}
            onChange={(event) =>
              void navigate({
                search: { tab: 'subscriptions', connection, provider: event.target.value || undefined },
              })
            }
            choices={[
              { value: '', name: 'All platforms' },
              ...(providers.data?.data ?? []).map(({ id, name }) => ({ value: id, name })),
            ]}
          />
          <Button
            small
            busy={fix.isPending}
            icon={<RefreshCw size={15} aria-hidden />}
            onClick={() =>
              fix.mutate(null, {
                onSuccess: ({ hastened }) =>
                  tell(hastened === 0 ? 'Nothing is missing.' : `${countText(hastened, 'subscription')} done next.`),
              })
            }
          >
            Mend what is missing
          </Button>
        </span>
      }
    >
      {fix.error && (
        <div className="p-3">
          <ErrorCard problem={problemOf(fix.error)} />
        </div>
      )}
      <Loaded query={query}>
        {({ data, nextCursor }) =>
          data.length === 0 && after === undefined ? (
            <EmptyState title={provider || connection ? 'No subscription like that' : 'No subscriptions'}>
              They are made by themselves for accounts of platforms that want to be asked for each.
            </EmptyState>
          ) : (
            <>
              <DataTable
                caption="Subscriptions"
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  {
                    name: 'Account',
                    className: 'min-w-44',
                    cell: (row) => (
                      <Link
                        to="/connections/$connection"
                        params={{ connection: row.connection }}
                        className="block no-underline hover:underline"
                      >
                        <ProviderName id={row.provider} size={20} />
                        <span className="block font-mono text-xs text-soft">{row.account}</span>
                      </Link>
                    ),
                  },
                  {
                    name: 'Standing',
                    className: 'min-w-52 max-w-sm',
                    cell: ({ standing, says, attempts, drifts }) => (
                      <>
                        <Badge state={subscriptionState(standing)} says={says} />
                        {standing !== 'right' && <span className="mt-0.5 block text-sm text-soft">{says}</span>}
                        {attempts > 0 && (
                          <span className="block text-sm text-soft">
                            {countText(attempts, 'try', 'tries')} failed in a row
                          </span>
                        )}
                        {drifts > 0 && (
                          <span className="block text-sm text-soft">found otherwise {countText(drifts, 'time')}</span>
                        )}
                      </>
                    ),
                  },
                  { name: 'Wanted and told', className: 'min-w-48', cell: (row) => <Kinds subscription={row} /> },
                  { name: 'Ends', cell: ({ until }) => <RelativeTime at={until} none="no end" /> },
                  {
                    name: 'Confirmed',
                    cell: ({ confirmedAt, checkedAt }) => (
                      <>
                        <RelativeTime at={confirmedAt} none="never" />
                        {checkedAt && (
                          <span className="block text-sm text-soft">
                            asked <RelativeTime at={checkedAt} />
                          </span>
                        )}
                      </>
                    ),
                  },
                  { name: 'Next', cell: ({ nextAt }) => <RelativeTime at={nextAt} /> },
                ]}
              />
              <Pager
                first={after === undefined ? null : link({ connection })}
                next={nextCursor === null ? null : link({ connection, after: nextCursor })}
              />
            </>
          )
        }
      </Loaded>
    </Card>
  )
}

/** Each kind of event that is wanted, marked where the platform does not tell of it. */
function Kinds({ subscription: { wanted, actual } }: { subscription: Subscription }) {
  if (wanted.length === 0) return <span className="text-soft">nothing any more</span>
  return (
    <span className="flex flex-wrap gap-1">
      {wanted.map((kind) => {
        const told = actual?.includes(kind) ?? false
        return (
          <span key={kind} className={told ? '' : 'line-through decoration-2'}>
            <Tag>
              {kind}
              {!told && <span className="sr-only"> is not told</span>}
            </Tag>
          </span>
        )
      })}
    </span>
  )
}

/** What reading found that a platform should have told of. */
function LossCard() {
  const query = useRead(['subscriptions', 'loss'], (client, signal) => client.subscriptions.loss({}, { signal }), {
    everyMs: 60_000,
  })
  return (
    <Card label="How much was left out">
      <Loaded query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="text-soft">No platform that is connected can be compared with what reading finds.</p>
          ) : (
            <ul className="grid grid-cols-[minmax(0,1fr)] gap-5 md:grid-cols-2">
              {data.map(({ provider, from, to, found, told, loss, missed }) => (
                <li key={provider}>
                  <p className="flex flex-wrap items-baseline justify-between gap-x-4">
                    <ProviderName id={provider} size={20} />
                    <span className="number text-xl font-semibold">
                      {loss === null ? noNumber : `${shareText(loss)} left out`}
                    </span>
                  </p>
                  <p className="text-sm text-soft">
                    {found === 0
                      ? 'There was nothing to tell of.'
                      : `Told of ${numberText(told, 'count')} of ${numberText(found, 'count')} that reading found.`}{' '}
                    {dayText(from)} – {dayText(to)}
                  </p>
                  {missed.length > 0 && (
                    <details className="text-sm">
                      <summary className="text-soft">Some of what was left out</summary>
                      <ul className="mt-1 space-y-0.5">
                        {missed.map(({ connection, item }) => (
                          <li key={`${connection} ${item}`}>
                            <code className="text-xs">{item}</code> <ConnectionLink connection={connection} />
                          </li>
                        ))}
                      </ul>
                    </details>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  )
}

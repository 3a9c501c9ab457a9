import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { useIntegrations } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { ProviderName } from '../../parts/provider-name.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { DayField } from '../../ui/day-field.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Select } from '../../ui/field.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Narrow } from '../../ui/narrow.tsx'
import { Pager } from '../../ui/pager.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Choices } from '../../ui/tabs.tsx'
import { messageFilterNames, messageState, messageStateOrder } from '../../words/messages.ts'
import { countText } from '../../words/numbers.ts'
import { whoActs } from '../../words/problems.ts'
import { effectsText } from './effects.ts'
import { MessageDrawer } from './message.tsx'
import { Replay, type Wanted } from './replay.tsx'
import { selectionOf } from './selection.ts'

const route = getRouteApi('/webhooks')

/** Messages of a filter, newest first, a page at a time. */
export function MessagesTab() {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/webhooks' })
  const integrations = useIntegrations()
  const { state, app, account, type, from, to, after } = search
  const selection = selectionOf(search)
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set())
  const [replaying, setReplaying] = useState<Wanted | null>(null)
  const query = useRead(
    ['messages', 'list', selection, after],
    (client, signal) => client.messages.list({ ...selection, cursor: after, limit: 50 }, { signal }),
    { keep: true, everyMs: after === undefined ? 10_000 : false },
  )
  const filtered = [state, app, account, type, from, to].some((each) => each !== undefined)
  const page = { ...search, after: undefined, message: undefined }
  const link = (more: Partial<typeof search>) => ({ to: '/webhooks' as const, search: { ...page, ...more } })
  const go = (more: Partial<typeof search>) => void navigate({ search: { ...page, ...more } })
  const tick = (id: string) => {
    const next = new Set(ticked)
    if (!next.delete(id)) next.add(id)
    setTicked(next)
  }
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center gap-2">
        <Choices
          label="State"
          choices={[
            { name: 'All', current: state === undefined, link: link({ state: undefined }) },
            ...messageStateOrder.map((each) => ({
              name: messageFilterNames[each],
              current: each === state,
              link: link({ state: each }),
            })),
          ]}
        />
        <Select
          label="App"
          hiddenLabel
          value={app ?? ''}
          onChange={(event) => go({ app: event.target.value || undefined })}
          choices={[
            { value: '', name: 'All apps' },
            ...(integrations.data?.data ?? []).map(({ id, name }) => ({ value: id, name })),
          ]}
        />
        <Narrow label="Type" value={type} go={(value) => go({ type: value })} />
        <Narrow label="Account of the platform" value={account} go={(value) => go({ account: value })} />
        <DayField label="From" value={from} set={(value) => go({ from: value })} />
        <DayField label="To" value={to} set={(value) => go({ to: value })} />
      </div>
      <Card
        flush
        label="Messages"
        more={
          <span className="flex flex-wrap gap-2">
            {ticked.size > 0 ? (
              <>
                <Button look="quiet" small onClick={() => setTicked(new Set())}>
                  Untick
                </Button>
                <Button
                  small
                  icon={<RotateCcw size={15} aria-hidden />}
                  onClick={() => setReplaying({ ids: [...ticked] })}
                >
                  Replay {countText(ticked.size, 'message')}
                </Button>
              </>
            ) : (
              filtered && (
                <Button small icon={<RotateCcw size={15} aria-hidden />} onClick={() => setReplaying(selection)}>
                  Replay all of these
                </Button>
              )
            )}
          </span>
        }
      >
        <Loaded query={query}>
          {({ data, nextCursor }) =>
            data.length === 0 && after === undefined ? (
              <NoMessages filtered={filtered} state={state} />
            ) : (
              <>
                <DataTable
                  caption="Messages"
                  rows={data}
                  rowKey={({ id }) => id}
                  columns={[
                    {
                      name: 'Tick',
                      head: <span className="sr-only">Tick</span>,
                      className: 'w-10',
                      cell: ({ id, state }) =>
                        state === 'received' ? null : (
                          <input
                            type="checkbox"
                            aria-label={`Tick the message ${id}`}
                            checked={ticked.has(id)}
                            disabled={!ticked.has(id) && ticked.size >= mostTicked}
                            onChange={() => tick(id)}
                            className="size-4 accent-accent"
                          />
                        ),
                    },
                    {
                      name: 'Message',
                      className: 'min-w-40',
                      cell: ({ id, types, callback }) => (
                        <Link
                          {...link({ message: id, after })}
                          resetScroll={false}
                          className="font-mono text-sm underline decoration-edge underline-offset-4"
                        >
                          {types.slice(0, 3).join(', ') || callback || 'without a type'}
                          {types.length > 3 && ` and ${types.length - 3} more`}
                        </Link>
                      ),
                    },
                    { name: 'Platform', cell: ({ provider }) => <ProviderName id={provider} size={20} /> },
                    { name: 'State', cell: ({ state, says }) => <Badge state={messageState(state)} says={says} /> },
                    {
                      name: 'What became of it',
                      className: 'min-w-56 max-w-md text-sm',
                      cell: ({ says, fault, effects, attempts }) => (
                        <>
                          <span className="line-clamp-2">{says ?? effectsText(effects)}</span>
                          {fault && <span className="block text-soft">Who acts: {whoActs(fault.fixedBy)}</span>}
                          {attempts > 0 && (
                            <span className="block text-soft">{countText(attempts, 'try', 'tries')} failed</span>
                          )}
                        </>
                      ),
                    },
                    {
                      name: 'Accounts',
                      className: 'max-w-40 font-mono text-xs',
                      cell: ({ accounts }) => <Accounts ids={accounts} />,
                    },
                    { name: 'Came', cell: ({ receivedAt }) => <RelativeTime at={receivedAt} /> },
                  ]}
                />
                <Pager
                  first={after === undefined ? null : link({})}
                  next={nextCursor === null ? null : link({ after: nextCursor })}
                />
              </>
            )
          }
        </Loaded>
      </Card>
      <MessageDrawer
        id={search.message}
        replay={(id) => setReplaying({ ids: [id] })}
        close={() => void navigate({ search: { ...search, message: undefined }, resetScroll: false })}
      />
      {replaying && (
        <Replay
          wanted={replaying}
          close={() => setReplaying(null)}
          done={() => {
            setReplaying(null)
            setTicked(new Set())
          }}
        />
      )}
    </>
  )
}

/** The API takes so many ids at once; all of a filter are any number. */
const mostTicked = 200

function Accounts({ ids }: { ids: readonly string[] }) {
  if (ids.length === 0) return <span className="text-soft">none</span>
  return (
    <span className="line-clamp-2">
      {ids.slice(0, 2).join(' ')}
      {ids.length > 2 && ` and ${ids.length - 2} more`}
    </span>
  )
}

function NoMessages({ filtered, state }: { filtered: boolean; state: string | undefined }) {
  if (state === 'failed')
    return <EmptyState title="No dead letters">Everything that came in could be worked through.</EmptyState>
  if (filtered) return <EmptyState title="No message like that" />
  return (
    <EmptyState
      title="No platform has sent anything yet"
      action={
        <Link to="/webhooks" search={{ tab: 'addresses' }} className={buttonClass()}>
          Where they send to
        </Link>
      }
    >
      Enter the address of an app at its platform, and what it tells of appears here within seconds.
    </EmptyState>
  )
}

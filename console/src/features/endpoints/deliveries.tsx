import type { Operations } from '@patchbay/sdk'
import { Link, type LinkProps, useNavigate } from '@tanstack/react-router'
import { Send } from 'lucide-react'
import { useAct, useRead } from '../../data/patchbay.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { CopyId } from '../../ui/copy-id.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Drawer } from '../../ui/drawer.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Narrow } from '../../ui/narrow.tsx'
import { Pager } from '../../ui/pager.tsx'
import { RelativeTime, useNow } from '../../ui/relative-time.tsx'
import { Choices } from '../../ui/tabs.tsx'
import { useTell } from '../../ui/toast.tsx'
import { deliveryState, deliveryStateOrder } from '../../words/deliveries.ts'
import { countText } from '../../words/numbers.ts'
import { problemOf } from '../../words/problems.ts'
import { hostOf, useEndpoints } from './list.tsx'
import { Tries } from './tries.tsx'

type Delivery = Awaited<ReturnType<Operations['deliveries']['list']>>['data'][number]

export interface DeliverySearch {
  readonly state?: (typeof deliveryStateOrder)[number]
  readonly type?: string
  readonly after?: string
  /** The one that is looked at: event.endpoint. */
  readonly delivery?: string
}

/** What endpoints were sent, newest event first; of one endpoint, or of all. */
export function DeliveriesCard(props: {
  endpoint?: string
  search: DeliverySearch
  link: (search: DeliverySearch) => LinkProps
}) {
  const { endpoint, link } = props
  const { state, type, after, delivery } = props.search
  const navigate = useNavigate()
  const endpoints = useEndpoints()
  const query = useRead(
    ['deliveries', 'list', { endpoint, state, type, after }],
    (client, signal) => client.deliveries.list({ endpoint, state, type, cursor: after, limit: 50 }, { signal }),
    { keep: true, everyMs: after === undefined ? 10_000 : false },
  )
  const nameOf = (id: string) => {
    const found = endpoints.data?.data.find((each) => each.id === id)
    return found ? found.description || hostOf(found.url) : id
  }
  return (
    <Card
      flush
      label="Deliveries"
      more={
        <div className="flex flex-wrap items-center gap-2">
          <Choices
            label="State"
            choices={[
              { name: 'All', current: state === undefined, link: link({ type }) },
              ...deliveryStateOrder.map((each) => ({
                name: deliveryState(each).name,
                current: each === state,
                link: link({ type, state: each }),
              })),
            ]}
          />
          <Narrow label="Type" value={type} go={(value) => void navigate(link({ state, type: value }))} />
        </div>
      }
    >
      <Loaded query={query}>
        {({ data, nextCursor }) =>
          data.length === 0 && after === undefined ? (
            <EmptyState title={state || type ? 'No delivery like that' : 'Nothing was sent yet'}>
              {!state && !type && 'The next event that an endpoint wants appears here.'}
            </EmptyState>
          ) : (
            <>
              <DataTable
                caption="Deliveries"
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  {
                    name: 'Event',
                    className: 'min-w-48',
                    cell: ({ id, type: name }) => (
                      <Link
                        {...link({ state, type, after, delivery: id })}
                        className="font-mono text-sm underline decoration-edge underline-offset-4"
                      >
                        {name}
                      </Link>
                    ),
                  },
                  ...(endpoint === undefined
                    ? [
                        {
                          name: 'Endpoint',
                          className: 'max-w-56',
                          cell: (row: Delivery) => (
                            <Link
                              to="/endpoints/$endpoint"
                              params={{ endpoint: row.endpoint }}
                              className="line-clamp-1 no-underline hover:underline"
                            >
                              {nameOf(row.endpoint)}
                            </Link>
                          ),
                        },
                      ]
                    : []),
                  { name: 'State', cell: (row) => <Badge state={deliveryState(row.state)} says={lastWords(row)} /> },
                  {
                    name: 'Last answer',
                    className: 'min-w-44 max-w-sm text-sm',
                    cell: (row) => <LastAnswer delivery={row} />,
                  },
                  { name: 'Tries', right: true, cell: ({ attempts }) => attempts },
                  { name: 'Next', cell: ({ nextAt }) => <Next at={nextAt} /> },
                  { name: 'Made', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
                ]}
              />
              <Pager
                first={after === undefined ? null : link({ state, type })}
                next={nextCursor === null ? null : link({ state, type, after: nextCursor })}
              />
            </>
          )
        }
      </Loaded>
      <Drawer
        open={delivery !== undefined}
        close={() => void navigate(link({ state, type, after }))}
        label="Delivery"
        title="What was sent, and what was answered"
      >
        {delivery && <OneDelivery id={delivery} nameOf={nameOf} />}
      </Drawer>
    </Card>
  )
}

/** When it is tried next. What is due waits for its turn. */
function Next({ at }: { at: string | null }) {
  const now = useNow()
  if (at === null) return <span className="text-soft">none</span>
  return Date.parse(at) <= now ? 'in its turn' : <RelativeTime at={at} />
}

const lastWords = ({ tries }: Delivery): string | null => tries.at(-1)?.says ?? null

function LastAnswer({ delivery }: { delivery: Delivery }) {
  const last = delivery.tries.at(-1)
  if (!last) return <span className="text-soft">not tried yet</span>
  return (
    <>
      <span className="number font-medium">{last.status ?? 'no answer'}</span>
      {last.says && <span className="line-clamp-2 text-soft">{last.says}</span>}
    </>
  )
}

/** One delivery with its tries. The list has it all, so the list is asked for the one. */
function OneDelivery({ id, nameOf }: { id: string; nameOf: (endpoint: string) => string }) {
  const [event, endpoint] = id.split('.')
  const tell = useTell()
  const query = useRead(
    ['deliveries', 'one', id],
    async (client, signal) => {
      const { data } = await client.deliveries.list({ event, endpoint, limit: 1 }, { signal })
      return data[0] ?? null
    },
    { everyMs: 5_000 },
  )
  const resend = useAct((client, _: null) => client.deliveries.resend({ id }), [['deliveries']])
  return (
    <Loaded query={query}>
      {(delivery) =>
        delivery === null ? (
          <EmptyState title="There is no such delivery">
            Deliveries are kept for a limited time, and go with their endpoint.
          </EmptyState>
        ) : (
          <div className="space-y-6">
            <div className="space-y-3">
              <p className="flex flex-wrap items-center gap-2">
                <Badge state={deliveryState(delivery.state)} />
                <code className="text-sm">{delivery.type}</code>
              </p>
              <Button
                small
                icon={<Send size={15} aria-hidden />}
                busy={resend.isPending}
                onClick={() => resend.mutate(null, { onSuccess: () => tell('It is sent again, with the same id.') })}
              >
                Send again
              </Button>
              {resend.error && <ErrorCard problem={problemOf(resend.error)} />}
            </div>
            <Facts
              facts={[
                ['Event', <CopyId key="event" id={delivery.event} label="the event’s id" />],
                [
                  'Endpoint',
                  <Link
                    key="endpoint"
                    to="/endpoints/$endpoint"
                    params={{ endpoint: delivery.endpoint }}
                    className="underline decoration-edge underline-offset-4"
                  >
                    {nameOf(delivery.endpoint)}
                  </Link>,
                ],
                ['Tried', countText(delivery.attempts, 'time')],
                ['Next', <Next key="next" at={delivery.nextAt} />],
                ['Made', <RelativeTime key="made" at={delivery.createdAt} />],
                ['Over', <RelativeTime key="over" at={delivery.endedAt} none="not yet" />],
              ]}
            />
            <section>
              <h3 className="strip mb-1.5">Tries</h3>
              <Tries tries={delivery.tries.toReversed()} all={delivery.attempts} />
            </section>
          </div>
        )
      }
    </Loaded>
  )
}

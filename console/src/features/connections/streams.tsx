import type { Operations } from '@patchbay/sdk'
import { Link, useNavigate } from '@tanstack/react-router'
import type { Connection } from '../../data/manifest.ts'
import { useAct, useRead } from '../../data/patchbay.tsx'
import { Backfills } from '../../parts/backfills.tsx'
import { Freshness } from '../../parts/freshness.tsx'
import { Badge, Tag } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Sparkline } from '../../ui/sparkline.tsx'
import { useTell } from '../../ui/toast.tsx'
import { countText } from '../../words/numbers.ts'
import { problemOf, whoActs } from '../../words/problems.ts'
import { connectionState, streamState } from '../../words/states.ts'
import { lengthText } from '../../words/times.ts'
import { CadenceCard } from './cadence.tsx'
import { ExplainStream } from './explain-stream.tsx'

type Stream = Awaited<ReturnType<Operations['connections']['streams']>>['data'][number]
type Run = Awaited<ReturnType<Operations['runs']['list']>>['data'][number]

/** Every kind of data that is read from an account, and why one stands still. */
export function StreamsTab(props: { connection: Connection; stream?: string; after?: string }) {
  const { connection, stream, after } = props
  const navigate = useNavigate()
  const link = (more: { stream?: string; after?: string }) => ({
    to: '/connections/$connection' as const,
    params: { connection: connection.id },
    search: { tab: 'streams' as const, ...more },
    resetScroll: false,
  })
  const query = useRead(
    ['connections', 'streams', connection.id],
    (client, signal) => client.connections.streams({ id: connection.id }, { signal }),
    { everyMs: 5_000 },
  )
  const runs = useRead(
    ['runs', 'list', { connection: connection.id, limit: 200 }],
    (client, signal) => client.runs.list({ connection: connection.id, limit: 200 }, { signal }),
    { everyMs: 30_000 },
  )
  return (
    <div className="space-y-5">
      <Card flush label="Streams">
        <Loaded query={query}>
          {({ data }) => <StreamTable connection={connection} streams={data} runs={runs.data?.data} />}
        </Loaded>
      </Card>
      {connection.state !== 'disconnected' && <CadenceCard connection={connection.id} />}
      <Backfills
        of={{ connection: connection.id, streams: query.data?.data.map(({ id }) => id) ?? [] }}
        after={after}
        link={(next) => link({ after: next })}
      />
      <ExplainStream connection={connection.id} stream={stream} close={() => void navigate(link({ after }))} />
    </div>
  )
}

export function StreamTable(props: {
  connection: Connection
  streams: readonly Stream[]
  runs?: readonly Run[]
  short?: boolean
}) {
  const { connection, streams, runs } = props
  const tell = useTell()
  const wake = useAct(
    (client, stream: string) => client.connections.sync({ id: connection.id, streams: [stream] }),
    [['connections', 'streams', connection.id], ['runs']],
  )
  if (streams.length === 0)
    return <EmptyState title="No streams">This connection offers actions only: nothing is read from it.</EmptyState>
  const more: Column<Stream>[] = [
    {
      name: 'Rows of the last runs',
      cell: ({ id }) => {
        const mine = (runs ?? [])
          .filter((run) => run.stream === id && run.endedAt !== null)
          .slice(0, 24)
          .reverse()
        const rows = mine.map(({ rows }) => rows.inserted + rows.restated + rows.items)
        return rows.length === 0 ? (
          <span className="text-soft">no runs yet</span>
        ) : (
          <Sparkline values={rows} label={`Rows of the last ${rows.length} runs: ${rows.join(', ')}`} />
        )
      },
    },
    {
      name: 'Lane',
      cell: ({ lane, failures }) => (
        <span className="space-x-1.5">
          <Tag>{lane}</Tag>
          {failures > 0 && <span className="text-sm text-bad">{countText(failures, 'failure')} in a row</span>}
        </span>
      ),
    },
    {
      name: 'Now',
      right: true,
      cell: ({ id, blocked, state }) => (
        <Button
          small
          disabled={blocked !== null || state === 'running' || connection.state === 'paused'}
          busy={wake.isPending && wake.variables === id}
          aria-label={`Read the stream ${id} now`}
          onClick={() =>
            wake.mutate(id, {
              onSuccess: ({ woken }) => tell(woken > 0 ? `${id} will be read next.` : `${id} cannot be read now.`),
            })
          }
        >
          Read
        </Button>
      ),
    },
  ]
  return (
    <>
      {wake.error && (
        <div className="p-3">
          <ErrorCard problem={problemOf(wake.error)} />
        </div>
      )}
      <DataTable
        caption="Streams"
        rows={streams}
        rowKey={({ id }) => id}
        columns={[
          {
            name: 'Stream',
            className: 'min-w-44',
            cell: ({ id, summary }) => (
              <>
                <span className="block font-medium">{id}</span>
                <span className="block text-sm text-soft">{summary}</span>
                {!props.short && (
                  <Link
                    to="/connections/$connection"
                    params={{ connection: connection.id }}
                    search={{ tab: 'streams', stream: id }}
                    resetScroll={false}
                    className="text-sm underline decoration-edge underline-offset-4"
                  >
                    How old, and why
                  </Link>
                )}
              </>
            ),
          },
          { name: 'State', className: 'min-w-44', cell: (stream) => <Standing stream={stream} /> },
          { name: 'Freshness', cell: ({ freshness }) => <Freshness freshness={freshness} /> },
          {
            name: 'Next',
            cell: ({ blocked, dueAt, everyMs, cadence }) => (
              <>
                {blocked === null ? <RelativeTime at={dueAt} /> : <span className="text-soft">stands still</span>}
                <span className="block text-sm whitespace-nowrap text-soft">
                  every {lengthText(cadence?.everyMs ?? everyMs)}
                </span>
              </>
            ),
          },
          ...(props.short ? [] : more),
        ]}
      />
    </>
  )
}

function Standing({ stream }: { stream: Stream }) {
  const code = stream.blocked ?? stream.lastFault
  const byChoice = code === 'paused' || code === 'disconnected'
  return (
    <>
      <Badge
        state={
          stream.blocked === 'paused' || stream.blocked === 'disconnected'
            ? connectionState(stream.blocked)
            : streamState(stream.state)
        }
      />
      {stream.says && <span className="mt-0.5 block text-sm text-soft">{stream.says}</span>}
      {stream.doubt && (
        <span className="mt-1 block rounded bg-warn-ground px-2 py-1 text-sm text-warn">
          Not believed since <RelativeTime at={stream.doubt.since} />: {stream.doubt.says}
        </span>
      )}
      {stream.refused.length > 0 && (
        <span
          className="mt-1 block text-sm text-warn"
          title={stream.refused.map(({ name, why }) => `${name}: ${why}`).join('\n')}
        >
          The platform refuses {stream.refused.map(({ name }) => name).join(', ')}; the others are read.
        </span>
      )}
      {stream.fixedBy !== null && !byChoice && ['error', 'blocked', 'waiting'].includes(stream.state) && (
        <span className="block text-sm text-soft">Who acts: {whoActs(stream.fixedBy)}</span>
      )}
    </>
  )
}

import { Link } from '@tanstack/react-router'
import type { Connection } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { Tag } from '../../ui/badge.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { CopyId } from '../../ui/copy-id.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Jack } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pager } from '../../ui/pager.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Choices } from '../../ui/tabs.tsx'
import { numberText } from '../../words/numbers.ts'
import { lengthText } from '../../words/times.ts'

/** What was asked of the platform, each call with all its attempts. Never a secret and never a body. */
export function CallsTab(props: { connection: Connection; failed?: '1'; run?: string; after?: string }) {
  const { failed, run, after } = props
  const { id } = props.connection
  const query = useRead(
    ['calls', { id, failed, run, after }],
    (client, signal) =>
      client.calls.list(
        // A run of many accounts has calls that belong to none of them alone.
        { ...(run ? { run } : { connection: id }), ...(failed && { failed: 'true' }), cursor: after, limit: 50 },
        { signal },
      ),
    { keep: true },
  )
  const link = (search: { failed?: '1'; run?: string; after?: string }) => ({
    to: '/connections/$connection' as const,
    params: { connection: id },
    search: { tab: 'calls' as const, ...search },
    resetScroll: false,
  })
  return (
    <Card
      flush
      label="Calls"
      more={
        <div className="flex flex-wrap items-center gap-2">
          {run && (
            <Link {...link({ failed })} className={buttonClass('plain', true)}>
              Run {run} ×
            </Link>
          )}
          <Choices
            label="Which calls"
            choices={[
              { name: 'All', current: !failed, link: link({ run }) },
              { name: 'Failed', current: failed === '1', link: link({ run, failed: '1' }) },
            ]}
          />
        </div>
      }
    >
      <Loaded query={query}>
        {({ data, nextCursor }) =>
          data.length === 0 && after === undefined ? (
            <EmptyState title={failed ? 'No call failed' : 'No calls'}>
              {run && 'Calls are kept for a limited time; those of an old run may be gone.'}
            </EmptyState>
          ) : (
            <>
              <DataTable
                caption="Calls"
                rows={data}
                rowKey={(call) => call.id}
                columns={[
                  {
                    name: 'Call',
                    className: 'min-w-64',
                    cell: ({ method, address }) => (
                      <code className="text-sm">
                        <span className="font-semibold">{method}</span> {address}
                      </code>
                    ),
                  },
                  {
                    name: 'Answer',
                    cell: ({ status, fault, attempts }) => (
                      <span
                        className={`inline-flex items-center gap-1.5 whitespace-nowrap ${fault ? 'text-bad' : 'text-good'}`}
                      >
                        <Jack shape={fault ? 'crossed' : 'plugged'} />
                        {status ?? 'none'}
                        {fault && <code className="text-xs">{fault}</code>}
                        {attempts > 1 && (
                          <span className="text-sm whitespace-nowrap text-soft">{attempts} attempts</span>
                        )}
                      </span>
                    ),
                  },
                  { name: 'When', cell: ({ startedAt }) => <RelativeTime at={startedAt} /> },
                  {
                    name: 'Took',
                    right: true,
                    cell: ({ durationMs, waitedMs }) => (
                      <>
                        {lengthText(durationMs)}
                        {waitedMs > 0 && (
                          <span className="block text-sm text-soft">{lengthText(waitedMs)} for quota</span>
                        )}
                      </>
                    ),
                  },
                  {
                    name: 'Cost',
                    className: 'text-sm',
                    cell: ({ cost }) =>
                      Object.entries(cost)
                        .map(([quota, amount]) => `${amount} ${quota}`)
                        .join(', ') || <span className="text-soft">none</span>,
                  },
                  { name: 'Lane', cell: ({ lane }) => <Tag>{lane}</Tag> },
                  { name: 'Bytes', right: true, cell: ({ responseBytes }) => numberText(responseBytes, 'count') },
                  {
                    name: 'Platform’s request',
                    cell: ({ requestId }) =>
                      requestId ? (
                        <span className="block max-w-40">
                          <CopyId id={requestId} />
                        </span>
                      ) : (
                        <span className="text-soft">none</span>
                      ),
                  },
                ]}
              />
              <Pager
                first={after === undefined ? null : link({ failed, run })}
                next={nextCursor === null ? null : link({ failed, run, after: nextCursor })}
              />
            </>
          )
        }
      </Loaded>
    </Card>
  )
}

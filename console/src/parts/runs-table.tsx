import type { Operations } from '@patchbay/sdk'
import { Link } from '@tanstack/react-router'
import { Badge, Tag } from '../ui/badge.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { countText, numberText } from '../words/numbers.ts'
import { runState } from '../words/states.ts'
import { lengthText } from '../words/times.ts'
import { ProviderName } from './provider-name.tsx'

export type Run = Awaited<ReturnType<Operations['runs']['list']>>['data'][number]

/** Executions of streams, newest first. */
export function RunsTable({ runs, short = false }: { runs: readonly Run[]; short?: boolean }) {
  const more: Column<Run>[] = [
    {
      name: 'Trigger',
      cell: ({ trigger, lane }) => (
        <>
          <Tag>{trigger}</Tag> {lane !== 'scheduled' && lane !== trigger && <Tag>{lane}</Tag>}
        </>
      ),
    },
    { name: 'Calls', right: true, cell: ({ calls }) => numberText(calls, 'count') },
    { name: 'Took', right: true, cell: tookText },
  ]
  return (
    <DataTable
      caption="Runs"
      rows={runs}
      rowKey={({ id }) => id}
      columns={[
        {
          name: 'Stream',
          cell: ({ provider, stream }) => (
            <span className="flex flex-col gap-0.5">
              <ProviderName id={provider} />
              <span className="text-sm text-soft">{stream}</span>
            </span>
          ),
        },
        {
          name: 'State',
          cell: ({ state, says, fault }) => (
            <span className="flex min-w-40 flex-col items-start gap-0.5">
              <Badge state={runState(state)} />
              {says && <span className="text-sm text-soft">{says}</span>}
              {!says && fault && <code className="text-xs">{fault}</code>}
            </span>
          ),
        },
        { name: 'Started', cell: ({ startedAt }) => <RelativeTime at={startedAt} /> },
        {
          name: 'Accounts',
          cell: ({ connections }) =>
            connections.length === 1 ? (
              <Link
                to="/connections/$connection"
                params={{ connection: connections[0]! }}
                className="whitespace-nowrap underline decoration-edge underline-offset-4"
              >
                1 account
              </Link>
            ) : (
              countText(connections.length, 'account')
            ),
        },
        { name: 'Rows', right: true, cell: ({ rows }) => <Rows rows={rows} /> },
        ...(short ? [] : more),
      ]}
    />
  )
}

function Rows({ rows }: { rows: Run['rows'] }) {
  const changed = [
    rows.inserted > 0 && `${numberText(rows.inserted, 'count')} new`,
    rows.restated > 0 && `${numberText(rows.restated, 'count')} corrected`,
    rows.items > 0 && countText(rows.items, 'item'),
    rows.refused > 0 && `${numberText(rows.refused, 'count')} refused`,
  ].filter((part) => part !== false)
  return <span className={changed.length === 0 ? 'text-soft' : ''}>{changed.join(' · ') || 'nothing new'}</span>
}

function tookText({ startedAt, endedAt }: Run): string {
  return endedAt === null ? '—' : lengthText(Date.parse(endedAt) - Date.parse(startedAt))
}

import type { Operations } from '@patchbay/sdk'
import { Link, type LinkProps } from '@tanstack/react-router'
import { useState } from 'react'
import { useRead } from '../data/patchbay.tsx'
import { Card } from '../ui/card.tsx'
import { CopyId } from '../ui/copy-id.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Drawer } from '../ui/drawer.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { Facts } from '../ui/facts.tsx'
import { JsonText } from '../ui/json-text.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Pager } from '../ui/pager.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { Choices } from '../ui/tabs.tsx'
import { type RecordKind, recordKindNames, recordKinds } from '../words/messages.ts'
import { shortJson } from '../words/short-json.ts'
import { ConnectionLink } from './id-links.tsx'

type PlatformRecord = Awaited<ReturnType<Operations['records']['list']>>['data'][number]

export interface RecordSearch {
  readonly kind?: RecordKind
  readonly removed?: '1'
  readonly after?: string
}

/** What platforms told of that is neither a number nor a piece of content: comments, mentions, messages. */
export function Records(props: {
  whose: { profile: string } | { connection: string }
  search: RecordSearch
  /** The same page with another filter. */
  link: (search: RecordSearch) => LinkProps
}) {
  const { whose, search, link } = props
  const { kind = 'comment', removed, after } = search
  const [opened, setOpened] = useState<PlatformRecord | null>(null)
  const query = useRead(
    ['records', whose, kind, removed, after],
    (client, signal) =>
      client.records.list(
        { ...whose, kind, ...(removed && { removed: 'true' as const }), cursor: after, limit: 50 },
        { signal },
      ),
    { keep: true, everyMs: after === undefined ? 15_000 : false },
  )
  return (
    <Card
      flush
      label="Records"
      more={
        <div className="flex flex-wrap gap-2">
          <Choices
            label="Kind"
            choices={recordKinds.map((each) => ({
              name: recordKindNames[each],
              current: each === kind,
              link: link({ kind: each, removed }),
            }))}
          />
          <Choices
            label="There or gone"
            choices={[
              { name: 'There', current: !removed, link: link({ kind }) },
              { name: 'Gone', current: removed === '1', link: link({ kind, removed: '1' }) },
            ]}
          />
        </div>
      }
    >
      <Loaded query={query}>
        {({ data, nextCursor }) =>
          data.length === 0 && after === undefined ? (
            <EmptyState title={`No ${recordKindNames[kind].toLowerCase()}${removed ? ' that are gone' : ''}`}>
              They come with the webhooks of platforms that tell of them.
            </EmptyState>
          ) : (
            <>
              <DataTable
                caption={recordKindNames[kind]}
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  {
                    name: 'Says',
                    className: 'min-w-64 max-w-xl',
                    cell: (record) => (
                      <button
                        type="button"
                        onClick={() => setOpened(record)}
                        className="line-clamp-2 text-left underline decoration-edge underline-offset-4 hover:decoration-accent"
                      >
                        {saidIn(record.data) || record.key}
                      </button>
                    ),
                  },
                  { name: 'When', cell: ({ at }) => <RelativeTime at={at} /> },
                  { name: 'Told', cell: ({ seenAt }) => <RelativeTime at={seenAt} /> },
                  {
                    name: 'Connection',
                    cell: ({ connection }) => <ConnectionLink connection={connection} />,
                  },
                  {
                    name: 'Message',
                    cell: ({ message }) => (
                      <Link
                        to="/webhooks"
                        search={{ message }}
                        className="text-sm underline decoration-edge underline-offset-4"
                      >
                        what came
                      </Link>
                    ),
                  },
                ]}
              />
              <Pager
                first={after === undefined ? null : link({ kind, removed })}
                next={nextCursor === null ? null : link({ kind, removed, after: nextCursor })}
              />
            </>
          )
        }
      </Loaded>
      <Drawer open={opened !== null} close={() => setOpened(null)} label="Record" title={opened?.kind ?? ''}>
        {opened && (
          <div className="space-y-4">
            <Facts
              facts={[
                ['Platform’s key', <CopyId key="key" id={opened.key} />],
                ['When', <RelativeTime key="at" at={opened.at} />],
                ['First told', <RelativeTime key="first" at={opened.firstSeenAt} />],
                ['Last told', <RelativeTime key="last" at={opened.seenAt} />],
                ['Standing', opened.removed ? 'gone' : 'there'],
              ]}
            />
            <JsonText value={opened.data} />
          </div>
        )}
      </Drawer>
    </Card>
  )
}

/** The text in it where it has one, else all of it in a line. */
function saidIn(data: unknown): string {
  if (typeof data !== 'object' || data === null) return String(data ?? '')
  const text = (data as Record<string, unknown>)['text'] ?? (data as Record<string, unknown>)['message']
  return typeof text === 'string' && text !== '' ? text : shortJson(data as Record<string, unknown>)
}

import type { Operations } from '@patchbay/sdk'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useRead } from '../../data/patchbay.tsx'
import { Backfills } from '../../parts/backfills.tsx'
import { ArtistLink, ConnectionLink } from '../../parts/id-links.tsx'
import { RunsTable } from '../../parts/runs-table.tsx'
import { Card } from '../../ui/card.tsx'
import { CopyId } from '../../ui/copy-id.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Drawer } from '../../ui/drawer.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Select } from '../../ui/field.tsx'
import { JsonText } from '../../ui/json-text.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Narrow } from '../../ui/narrow.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { Pager } from '../../ui/pager.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { shortJson } from '../../words/short-json.ts'
import { runState, runStateWords } from '../../words/states.ts'
import { Incidents } from './incidents.tsx'

const route = getRouteApi('/activity')
type Search = ReturnType<typeof route.useSearch>
type Event = Awaited<ReturnType<Operations['events']['list']>>['data'][number]
type Entry = Awaited<ReturnType<Operations['audit']['list']>>['data'][number]

/** What happened in the whole environment: readings, what applications were told, what was wrong with apps and platforms, and who did what. */
export function ActivityPage() {
  const search = route.useSearch()
  const tab = search.tab ?? 'runs'
  return (
    <>
      <PageHeader title="Activity" />
      <div className="mb-5 border-b border-line">
        <Tabs
          label="Kinds of activity"
          tabs={[
            { name: 'Runs', current: tab === 'runs', link: { to: '/activity', search: {} } },
            { name: 'Events', current: tab === 'events', link: { to: '/activity', search: { tab: 'events' } } },
            {
              name: 'Backfills',
              current: tab === 'backfills',
              link: { to: '/activity', search: { tab: 'backfills' } },
            },
            {
              name: 'Incidents',
              current: tab === 'incidents',
              link: { to: '/activity', search: { tab: 'incidents' } },
            },
            { name: 'Audit', current: tab === 'audit', link: { to: '/activity', search: { tab: 'audit' } } },
          ]}
        />
      </div>
      {tab === 'runs' ? (
        <Runs search={search} />
      ) : tab === 'events' ? (
        <Events search={search} />
      ) : tab === 'backfills' ? (
        <Backfills after={search.after} link={(after) => ({ to: '/activity', search: { tab: 'backfills', after } })} />
      ) : tab === 'incidents' ? (
        <Incidents after={search.after} />
      ) : (
        <Audit search={search} />
      )}
    </>
  )
}

const link = (search: Search) => ({ to: '/activity' as const, search: { ...search } })

function Runs({ search }: { search: Search }) {
  const navigate = useNavigate({ from: '/activity' })
  const { state, stream, connection, after } = search
  const query = useRead(
    ['runs', 'list', { state, stream, connection, after }],
    (client, signal) => client.runs.list({ state, stream, connection, cursor: after, limit: 50 }, { signal }),
    { keep: true, everyMs: after === undefined ? 10_000 : false },
  )
  return (
    <Card
      flush
      label="Runs"
      more={
        <div className="flex flex-wrap gap-2">
          <Select
            label="State"
            hiddenLabel
            value={state ?? ''}
            onChange={(event) =>
              void navigate({
                search: {
                  ...search,
                  after: undefined,
                  state: runStateWords.find((each) => each === event.target.value),
                },
              })
            }
            choices={[
              { value: '', name: 'Any state' },
              ...runStateWords.map((value) => ({ value, name: runState(value).name })),
            ]}
          />
          <Narrow
            label="Stream"
            value={stream}
            go={(value) => void navigate({ search: { ...search, after: undefined, stream: value } })}
          />
        </div>
      }
    >
      <Loaded query={query}>
        {({ data, nextCursor }) =>
          data.length === 0 && after === undefined ? (
            <EmptyState title={state || stream || connection ? 'No run like that' : 'Nothing has been read yet'} />
          ) : (
            <>
              <RunsTable runs={data} />
              <Pages search={search} nextCursor={nextCursor} />
            </>
          )
        }
      </Loaded>
    </Card>
  )
}

function Events({ search }: { search: Search }) {
  const navigate = useNavigate({ from: '/activity' })
  const { type, connection, after } = search
  const [opened, setOpened] = useState<Event | null>(null)
  const query = useRead(
    ['events', 'list', { type, connection, after }],
    (client, signal) => client.events.list({ type, connection, cursor: after, limit: 50 }, { signal }),
    { keep: true, everyMs: after === undefined ? 10_000 : false },
  )
  return (
    <Card
      flush
      label="Events"
      more={
        <Narrow
          label="Type"
          value={type}
          go={(value) => void navigate({ search: { ...search, after: undefined, type: value } })}
        />
      }
    >
      <Loaded query={query}>
        {({ data, nextCursor }) =>
          data.length === 0 && after === undefined ? (
            <EmptyState title={type || connection ? 'No event like that' : 'No events yet'}>
              Applications are told what happens here by events.
            </EmptyState>
          ) : (
            <>
              <DataTable
                caption="Events"
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  {
                    name: 'Event',
                    cell: (event) => (
                      <button
                        type="button"
                        onClick={() => setOpened(event)}
                        className="font-mono text-sm underline decoration-edge underline-offset-4 hover:decoration-accent"
                      >
                        {event.type}
                      </button>
                    ),
                  },
                  { name: 'When', cell: ({ at }) => <RelativeTime at={at} /> },
                  { name: 'Artist', cell: ({ profile }) => (profile ? <ArtistLink profile={profile} /> : <Nobody />) },
                  {
                    name: 'Connection',
                    cell: (event) => (event.connection ? <ConnectionLink connection={event.connection} /> : <Nobody />),
                  },
                  {
                    name: 'Says',
                    className: 'min-w-64 max-w-md text-sm text-soft',
                    cell: (event) => <span className="line-clamp-2">{shortJson(event.data)}</span>,
                  },
                ]}
              />
              <Pages search={search} nextCursor={nextCursor} />
            </>
          )
        }
      </Loaded>
      <Drawer open={opened !== null} close={() => setOpened(null)} label="Event" title={opened?.type ?? ''}>
        {opened && (
          <div className="space-y-4">
            <Facts
              facts={[
                ['Id', <CopyId key="id" id={opened.id} />],
                ['Place in the order', String(opened.sequence)],
                ['When', <RelativeTime key="at" at={opened.at} />],
              ]}
            />
            <JsonText value={opened.data} />
          </div>
        )}
      </Drawer>
    </Card>
  )
}

function Audit({ search }: { search: Search }) {
  const navigate = useNavigate({ from: '/activity' })
  const { subject, after } = search
  const [opened, setOpened] = useState<Entry | null>(null)
  const query = useRead(
    ['audit', { subject, after }],
    (client, signal) => client.audit.list({ subject, cursor: after, limit: 50 }, { signal }),
    { keep: true, everyMs: after === undefined ? 15_000 : false },
  )
  return (
    <Card
      flush
      label="Audit"
      more={
        <Narrow
          label="Subject"
          value={subject}
          go={(value) => void navigate({ search: { ...search, after: undefined, subject: value } })}
        />
      }
    >
      <Loaded query={query}>
        {({ data, nextCursor }) =>
          data.length === 0 && after === undefined ? (
            <EmptyState title={subject ? 'Nothing about that subject' : 'Nothing yet'}>
              Who changed what, and who read which credential, is written here for good.
            </EmptyState>
          ) : (
            <>
              <DataTable
                caption="Audit"
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  { name: 'When', cell: ({ at }) => <RelativeTime at={at} /> },
                  { name: 'Who', cell: ({ actor }) => <code className="text-sm">{actor}</code> },
                  {
                    name: 'Did',
                    cell: (entry) => (
                      <button
                        type="button"
                        onClick={() => setOpened(entry)}
                        className="font-mono text-sm underline decoration-edge underline-offset-4 hover:decoration-accent"
                      >
                        {entry.action}
                      </button>
                    ),
                  },
                  {
                    name: 'To',
                    cell: (entry) => (
                      <Link
                        {...link({ tab: 'audit', subject: entry.subject })}
                        className="font-mono text-sm underline decoration-edge underline-offset-4"
                      >
                        {entry.subject}
                      </Link>
                    ),
                  },
                  {
                    name: 'Details',
                    className: 'min-w-64 max-w-md text-sm text-soft',
                    cell: ({ detail }) => <span className="line-clamp-2">{shortJson(detail)}</span>,
                  },
                ]}
              />
              <Pages search={search} nextCursor={nextCursor} />
            </>
          )
        }
      </Loaded>
      <Drawer open={opened !== null} close={() => setOpened(null)} label="Audit" title={opened?.action ?? ''}>
        {opened && (
          <div className="space-y-4">
            <Facts
              facts={[
                ['Who', opened.actor],
                ['To', opened.subject],
                ['When', <RelativeTime key="at" at={opened.at} />],
                ['Id', <CopyId key="id" id={opened.id} />],
              ]}
            />
            <JsonText value={opened.detail} />
          </div>
        )}
      </Drawer>
    </Card>
  )
}

function Pages({ search, nextCursor }: { search: Search; nextCursor: string | null }) {
  return (
    <Pager
      first={search.after === undefined ? null : link({ ...search, after: undefined })}
      next={nextCursor === null ? null : link({ ...search, after: nextCursor })}
    />
  )
}

const Nobody = () => <span className="text-soft">none</span>

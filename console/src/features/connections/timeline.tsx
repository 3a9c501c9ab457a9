import type { Client, Operations } from '@patchbay/sdk'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Connection } from '../../data/manifest.ts'
import { mergeTimeline, type Source } from '../../data/merge-timeline.ts'
import { usePatchbay, useRead } from '../../data/patchbay.tsx'
import type { Page } from '../../data/walk-pages.ts'
import { Tag } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Jack, toneText } from '../../ui/jack.tsx'
import { JsonText } from '../../ui/json-text.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { actorSays } from '../../words/actors.ts'
import { countText } from '../../words/numbers.ts'
import { shortJson } from '../../words/short-json.ts'
import { connectionState, runState, type Shape, type Tone } from '../../words/states.ts'
import { lengthText } from '../../words/times.ts'

type Run = Awaited<ReturnType<Operations['runs']['list']>>['data'][number]
type Event = Awaited<ReturnType<Operations['events']['list']>>['data'][number]
type Transition = Awaited<ReturnType<Operations['connections']['transitions']>>['data'][number]

interface Entry {
  readonly key: string
  readonly at: number
  readonly time: string
  readonly kind: string
  readonly tone: Tone
  readonly shape: Shape
  readonly title: ReactNode
  readonly more?: ReactNode
}

/** Everything that happened with a connection in one order: changes of state, runs, and what applications were told. */
export function TimelineTab({ connection }: { connection: Connection }) {
  const { id } = connection
  const transitions = useRead(
    ['connections', 'transitions', id],
    (client, signal) => client.connections.transitions({ id }, { signal }),
    { everyMs: 15_000 },
  )
  const runs = usePages(['runs', 'pages', id], (client, cursor, signal) =>
    client.runs.list({ connection: id, cursor, limit: 50 }, { signal }),
  )
  const events = usePages(['events', 'pages', id], (client, cursor, signal) =>
    client.events.list({ connection: id, cursor, limit: 50 }, { signal }),
  )
  const all = {
    isPending: transitions.isPending || runs.isPending || events.isPending,
    isFetching: transitions.isFetching || runs.isFetching || events.isFetching,
    error: transitions.error ?? runs.error ?? events.error,
    refetch: () => Promise.all([transitions.refetch(), runs.refetch(), events.refetch()]),
    data:
      transitions.data && runs.data && events.data
        ? mergeTimeline([
            { entries: transitions.data.data.map(ofTransition), more: false },
            sourceOf(runs.data.pages, ofRun),
            sourceOf(events.data.pages, ofEvent),
          ])
        : undefined,
  }
  const more = runs.hasNextPage || events.hasNextPage
  return (
    <Card flush label="Timeline">
      <Loaded query={all}>
        {(entries) =>
          entries.length === 0 ? (
            <EmptyState title="Nothing has happened yet" />
          ) : (
            <>
              <ol className="relative px-4 py-3">
                <span aria-hidden="true" className="absolute top-6 bottom-6 left-[1.6875rem] w-0.5 bg-line" />
                {entries.map((entry) => (
                  <li key={entry.key} className="relative flex gap-3 py-2">
                    <span
                      className={`z-[1] mt-0.5 grid size-6 shrink-0 place-items-center rounded-full bg-panel ${toneText[entry.tone]}`}
                    >
                      <Jack shape={entry.shape} size={18} />
                    </span>
                    <div className="min-w-0 flex-1">
                      <p className="flex flex-wrap items-baseline justify-between gap-x-4">
                        <span className="font-medium">{entry.title}</span>
                        <span className="flex items-baseline gap-2 text-sm text-soft">
                          <Tag>{entry.kind}</Tag>
                          <RelativeTime at={entry.time} />
                        </span>
                      </p>
                      {entry.more && <div className="text-sm text-soft">{entry.more}</div>}
                    </div>
                  </li>
                ))}
              </ol>
              {more && (
                <div className="border-t border-line p-3 text-center">
                  <Button
                    busy={runs.isFetchingNextPage || events.isFetchingNextPage}
                    onClick={() => {
                      if (runs.hasNextPage) void runs.fetchNextPage()
                      if (events.hasNextPage) void events.fetchNextPage()
                    }}
                  >
                    Earlier
                  </Button>
                </div>
              )}
            </>
          )
        }
      </Loaded>
    </Card>
  )
}

function usePages<Row>(
  key: readonly unknown[],
  read: (client: Client, cursor: string | undefined, signal: AbortSignal) => Promise<Page<Row>>,
) {
  const { client, environment } = usePatchbay()
  return useInfiniteQuery({
    queryKey: [environment ?? '', ...key],
    queryFn: ({ pageParam, signal }) => read(client, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: 30_000,
  })
}

function sourceOf<Row>(pages: readonly Page<Row>[], entryOf: (row: Row) => Entry): Source<Entry> {
  return { entries: pages.flatMap(({ data }) => data.map(entryOf)), more: (pages.at(-1)?.nextCursor ?? null) !== null }
}

function ofTransition({ from, to, reason, actor, at }: Transition, index: number): Entry {
  const words = connectionState(to)
  return {
    key: `transition ${at} ${index}`,
    at: Date.parse(at),
    time: at,
    kind: 'state',
    tone: words.tone,
    shape: words.shape,
    title: from === null ? words.name : `${connectionState(from).name} → ${words.name}`,
    more: (
      <>
        by {actorSays(actor)}
        {reason && (
          <>
            {' '}
            · <code>{reason}</code>
          </>
        )}
      </>
    ),
  }
}

function ofRun(run: Run): Entry {
  const words = runState(run.state)
  const rows = run.rows.inserted + run.rows.restated
  return {
    key: run.id,
    at: Date.parse(run.startedAt),
    time: run.startedAt,
    kind: 'run',
    tone: words.tone,
    shape: words.shape,
    title: `${run.stream}: ${words.name.toLowerCase()}`,
    more: (
      <>
        {run.trigger} · {countText(run.calls, 'call')} · {countText(rows, 'number')} changed
        {run.rows.items > 0 && ` · ${countText(run.rows.items, 'item')}`}
        {run.rows.refused > 0 && ` · ${run.rows.refused} refused`}
        {run.endedAt && ` · ${lengthText(Date.parse(run.endedAt) - Date.parse(run.startedAt))}`}
        {run.connections.length > 1 && ` · together with ${countText(run.connections.length - 1, 'other account')}`}
        {run.says && <span className="block">{run.says}</span>}
      </>
    ),
  }
}

function ofEvent(event: Event): Entry {
  const details = shortJson(event.data)
  return {
    key: event.id,
    at: Date.parse(event.at),
    time: event.at,
    kind: 'event',
    tone: 'quiet',
    shape: 'plugged',
    title: <code className="text-sm">{event.type}</code>,
    more: details && (
      <details>
        <summary className="line-clamp-1">{details}</summary>
        <JsonText value={event.data} />
      </details>
    ),
  }
}

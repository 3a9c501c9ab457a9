import type { Operations } from '@patchbay/sdk'
import { Link, type LinkProps } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { addDays, dayOf } from '../address/date-range.ts'
import { useAct, useRead } from '../data/patchbay.tsx'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Card } from '../ui/card.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { Question } from '../ui/drawer.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { ErrorCard } from '../ui/error-card.tsx'
import { Select, TextField } from '../ui/field.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Pager } from '../ui/pager.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { useTell } from '../ui/toast.tsx'
import { countText } from '../words/numbers.ts'
import { problemOf, whoActs } from '../words/problems.ts'
import { backfillState } from '../words/reading.ts'
import { shareText } from '../words/shares.ts'
import { dayText } from '../words/times.ts'
import { ProviderName } from './provider-name.tsx'

type Backfill = Awaited<ReturnType<Operations['backfills']['list']>>['data'][number]
type Move = 'pause' | 'resume' | 'cancel'

/** Days of the past that somebody wants read, behind everything else: of one connection, or of all. */
export function Backfills(props: {
  /** Of this one only, with what can be asked for. */
  of?: { connection: string; streams: readonly string[] }
  after: string | undefined
  link: (after?: string) => LinkProps
}) {
  const { of, after, link } = props
  const [asking, setAsking] = useState(false)
  const query = useRead(
    ['backfills', of?.connection, after],
    (client, signal) => client.backfills.list({ connection: of?.connection, cursor: after, limit: 50 }, { signal }),
    { keep: true, everyMs: after === undefined ? 5_000 : false },
  )
  const move = useAct(
    (client, { id, verb }: { id: string; verb: Move }) => client.backfills[verb]({ id }),
    [['backfills']],
  )
  const columns: Column<Backfill>[] = [
    ...(of
      ? []
      : [
          {
            name: 'Connection',
            cell: ({ connection, provider }: Backfill) => (
              <Link
                to="/connections/$connection"
                params={{ connection }}
                className="block no-underline hover:underline"
              >
                <ProviderName id={provider} size={20} />
                <span className="block font-mono text-xs text-soft">{connection}</span>
              </Link>
            ),
          },
        ]),
    {
      name: 'Stream',
      className: 'min-w-40',
      cell: ({ stream, from, to }) => (
        <>
          <span className="block font-medium">{stream}</span>
          <span className="block text-sm text-soft">
            {dayText(from)} – {dayText(to)}
          </span>
        </>
      ),
    },
    {
      name: 'State',
      className: 'min-w-44',
      cell: ({ state, says, fixedBy, readyAt }) => (
        <>
          <Badge state={backfillState(state)} says={says} />
          {says && <span className="mt-0.5 block text-sm text-soft">{says}</span>}
          {fixedBy && state !== 'done' && <span className="block text-sm text-soft">Who acts: {whoActs(fixedBy)}</span>}
          {readyAt && (
            <span className="block text-sm text-soft">
              goes on <RelativeTime at={readyAt} />
            </span>
          )}
        </>
      ),
    },
    { name: 'Read', className: 'min-w-32', cell: (backfill) => <Progress backfill={backfill} /> },
    {
      name: 'Done',
      cell: ({ endedAt, endsAt, state }) =>
        endedAt ? (
          <RelativeTime at={endedAt} />
        ) : (
          <RelativeTime at={endsAt} none={state === 'paused' ? 'not while it is paused' : 'not known yet'} />
        ),
    },
    {
      name: 'Cost',
      className: 'text-sm text-soft',
      cell: ({ calls, written }) => (
        <>
          {countText(calls, 'call')}
          <span className="block">{countText(written, 'number')} written</span>
        </>
      ),
    },
    {
      name: 'Do',
      head: <span className="sr-only">Do</span>,
      right: true,
      cell: ({ id, state, stream }) => (
        <span className="inline-flex gap-1.5">
          {movesOf(state).map((verb) => (
            <Button
              key={verb}
              small
              busy={move.isPending && move.variables.id === id && move.variables.verb === verb}
              aria-label={`${verbs[verb]} the backfill of ${stream}`}
              onClick={() => move.mutate({ id, verb })}
            >
              {verbs[verb]}
            </Button>
          ))}
        </span>
      ),
    },
  ]
  return (
    <Card
      flush
      label="Days of the past"
      more={
        of && (
          <Button small onClick={() => setAsking(true)}>
            Read the past
          </Button>
        )
      }
    >
      {move.error && (
        <div className="p-3">
          <ErrorCard problem={problemOf(move.error)} />
        </div>
      )}
      <Loaded query={query}>
        {({ data, nextCursor }) =>
          data.length === 0 && after === undefined ? (
            <EmptyState title="Nobody asked for days of the past">
              Where a platform gives them, they are read behind everything else, within a tenth of each quota.
            </EmptyState>
          ) : (
            <>
              <DataTable caption="Backfills" rows={data} rowKey={({ id }) => id} columns={columns} />
              <Pager first={after === undefined ? null : link()} next={nextCursor === null ? null : link(nextCursor)} />
            </>
          )
        }
      </Loaded>
      {asking && of && <Ask {...of} close={() => setAsking(false)} />}
    </Card>
  )
}

const verbs: Record<Move, string> = { pause: 'Pause', resume: 'Resume', cancel: 'Cancel' }

function movesOf(state: Backfill['state']): Move[] {
  if (state === 'waiting' || state === 'running') return ['pause', 'cancel']
  return state === 'paused' || state === 'failed' ? ['resume', 'cancel'] : []
}

function Progress({ backfill: { share, pages } }: { backfill: Backfill }) {
  return (
    <>
      <div
        role="progressbar"
        aria-label="Days that were read"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.floor(share * 100)}
        className="h-2 w-full overflow-hidden rounded-full bg-sunken ring-1 ring-line"
      >
        <div className="h-full bg-accent" style={{ width: `${share * 100}%` }} />
      </div>
      <span className="number text-sm text-soft">
        {shareText(share)} · {countText(pages, 'page')}
      </span>
    </>
  )
}

function Ask(props: { connection: string; streams: readonly string[]; close: () => void }) {
  const { connection, streams, close } = props
  const tell = useTell()
  const today = dayOf(Date.now())
  const ask = useAct(
    (client, wish: { stream: string; from: string; to: string }) =>
      client.backfills.create({ id: connection, ...wish }),
    [['backfills']],
  )
  const problem = ask.error ? problemOf(ask.error) : null
  const wrong = (field: string) => (problem?.field === field ? problem.detail : null)
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const word = (name: string) => String(form.get(name))
    ask.mutate(
      { stream: word('stream'), from: word('from'), to: word('to') },
      {
        onSuccess: () => {
          tell('It is read behind everything else.')
          close()
        },
      },
    )
  }
  return (
    <Question
      open
      close={close}
      title="Read days of the past"
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit" form="backfill" busy={ask.isPending}>
            Read them
          </Button>
        </>
      }
    >
      <form id="backfill" onSubmit={submit} className="space-y-4">
        <Select label="Stream" name="stream" choices={streams.map((name) => ({ value: name, name }))} />
        {wrong('stream') && <p className="text-sm text-bad">{wrong('stream')}</p>}
        <TextField
          label="From"
          name="from"
          type="date"
          required
          max={today}
          defaultValue={addDays(today, -28)}
          error={wrong('from')}
        />
        <TextField
          label="To"
          name="to"
          type="date"
          required
          max={today}
          defaultValue={addDays(today, -1)}
          error={wrong('to')}
        />
      </form>
      {problem && <ErrorCard problem={problem} />}
    </Question>
  )
}

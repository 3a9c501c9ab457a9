import type { Operations } from '@patchbay/sdk'
import { useState } from 'react'
import { useAct, useRead } from '../../data/patchbay.tsx'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Question } from '../../ui/drawer.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { useTell } from '../../ui/toast.tsx'
import { countText } from '../../words/numbers.ts'
import { problemOf } from '../../words/problems.ts'
import type { Selection } from './selection.ts'

type Preview = NonNullable<Awaited<ReturnType<Operations['messages']['replay']>>['preview']>[number]

/** Which messages: some by id, or all of a filter. */
export type Wanted = Selection | { readonly ids: string[] }

/** What replaying would do, before it is done. */
export function Replay({ wanted, close, done }: { wanted: Wanted; close: () => void; done: () => void }) {
  const tell = useTell()
  const preview = useRead(['messages', 'preview', wanted], (client, signal) =>
    client.messages.replay({ ...wanted, preview: true }, { signal }),
  )
  const replay = useAct((client, input: Wanted) => client.messages.replay(input), [['messages']])
  const rows = preview.data?.preview ?? []
  return (
    <Question
      open
      close={close}
      title="Work through these once more?"
      actions={
        <>
          <Button onClick={close}>Leave them</Button>
          <Button
            look="primary"
            busy={replay.isPending}
            disabled={rows.length === 0}
            onClick={() =>
              replay.mutate(wanted, {
                onSuccess: ({ replayed, more }) => {
                  tell(
                    `${countText(replayed, 'message')} will be worked through${more ? '; there are more: replay again' : ''}.`,
                  )
                  done()
                },
              })
            }
          >
            Replay
          </Button>
        </>
      }
    >
      <Loaded query={preview}>
        {({ more }) =>
          rows.length === 0 ? (
            <p>Nothing can be replayed: what waits anyway is worked through by itself.</p>
          ) : (
            <>
              <Sum rows={rows} more={more} />
              <Each rows={rows} />
            </>
          )
        }
      </Loaded>
      {replay.error && <ErrorCard problem={problemOf(replay.error)} />}
    </Question>
  )
}

function Sum({ rows, more }: { rows: readonly Preview[]; more: boolean }) {
  const touched = new Set(
    rows.flatMap(({ wakes, checks }) => [...wakes.map(({ connection }) => connection), ...checks]),
  )
  const erased = new Set(rows.flatMap(({ erases }) => erases))
  const records = rows.reduce((sum, row) => sum + row.records, 0)
  const idle = rows.filter((row) => row.wakes.length + row.records + row.checks.length + row.erases.length === 0).length
  return (
    <>
      <p>
        {more ? `Of the newest ${countText(rows.length, 'message')}` : countText(rows.length, 'message')} would touch{' '}
        <strong>{countText(touched.size, 'connection')}</strong> and tell of {countText(records, 'record')}. What is
        known already changes nothing.
      </p>
      {erased.size > 0 && (
        <p className="rounded-lg bg-bad-ground px-3 py-2 text-bad">
          {countText(erased.size, 'connection')} would be ended and the data deleted, because the owner asked for it at
          the platform.
        </p>
      )}
      {idle > 0 && <p className="text-soft">{countText(idle, 'message')} would do nothing; each says why.</p>}
      {more && (
        <p className="text-soft">
          There are more messages than are shown here. All that match are replayed, up to ten thousand.
        </p>
      )}
    </>
  )
}

const shownAtFirst = 20

function Each({ rows }: { rows: readonly Preview[] }) {
  const [most, setMost] = useState(shownAtFirst)
  return (
    <details>
      <summary className="py-1 font-medium">What each of them would do</summary>
      <div className="rounded-lg border border-line">
        <DataTable
          caption="What each message would do"
          rows={rows.slice(0, most)}
          rowKey={({ id }) => id}
          columns={[
            { name: 'Message', className: 'font-mono text-xs', cell: ({ id }) => id },
            { name: 'Would', className: 'text-sm', cell: (row) => wouldText(row) },
          ]}
        />
      </div>
      {rows.length > most && (
        <Button small look="quiet" onClick={() => setMost(most + 100)}>
          {countText(rows.length - most, 'more message')}
        </Button>
      )}
    </details>
  )
}

function wouldText({ wakes, records, checks, erases, strangers, undeclared, broken }: Preview): string {
  const says = [
    wakes.length > 0 && `read ${countText(wakes.length, 'stream')}`,
    records > 0 && `tell of ${countText(records, 'record')}`,
    checks.length > 0 && `check ${countText(checks.length, 'connection')}`,
    erases.length > 0 && `delete ${countText(erases.length, 'account')}`,
    strangers.length > 0 && `${countText(strangers.length, 'account')} nobody has connected`,
    undeclared.length > 0 && `types that nobody has declared: ${undeclared.slice(0, 5).join(', ')}`,
    broken,
  ].filter((each) => each !== false && each !== null)
  return says.join('; ') || 'do nothing'
}

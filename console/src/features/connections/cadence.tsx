import { type FormEvent, useState } from 'react'
import { addDays, dayOf } from '../../address/date-range.ts'
import { useAct, useRead } from '../../data/patchbay.tsx'
import { Tag } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Question } from '../../ui/drawer.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Select, TextField } from '../../ui/field.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { useTell } from '../../ui/toast.tsx'
import { actorSays } from '../../words/actors.ts'
import { problemOf } from '../../words/problems.ts'
import { chosenIntervals, chosenName, tierName } from '../../words/reading.ts'
import { lengthText } from '../../words/times.ts'

/** How often a connection is read and why; and another rhythm for a while, with a reason and an end. */
export function CadenceCard({ connection }: { connection: string }) {
  const [choosing, setChoosing] = useState(false)
  const tell = useTell()
  const query = useRead(
    ['connections', 'cadence', connection],
    (client, signal) => client.connections.cadence({ id: connection }, { signal }),
    { everyMs: 30_000 },
  )
  const clear = useAct(
    (client, _: null) => client.connections.clearCadence({ id: connection }),
    [
      ['connections', 'cadence', connection],
      ['connections', 'streams', connection],
    ],
  )
  return (
    <Card
      label="How often it is read"
      more={
        <span className="flex flex-wrap gap-2">
          {query.data?.chosen && (
            <Button
              small
              busy={clear.isPending}
              onClick={() => clear.mutate(null, { onSuccess: () => tell('Read by the rule again.') })}
            >
              Back to the rule
            </Button>
          )}
          <Button small onClick={() => setChoosing(true)}>
            Choose for a while
          </Button>
        </span>
      }
    >
      {clear.error && <ErrorCard problem={problemOf(clear.error)} />}
      <Loaded query={query} skeleton={<SkeletonRows rows={3} />}>
        {({ lookedAt, chosen, streams }) => (
          <div className="space-y-4">
            <Facts
              facts={[
                ['Somebody looked', <RelativeTime key="looked" at={lookedAt} none="never" />],
                ...(chosen
                  ? ([
                      [
                        'Chosen',
                        <span key="chosen">
                          {chosenName(chosen.every)} until <RelativeTime at={chosen.until} />: {chosen.reason}
                        </span>,
                      ],
                      ['By', actorSays(chosen.by)],
                    ] as const)
                  : []),
              ]}
            />
            <ul className="divide-y divide-line">
              {streams.map(({ stream, everyMs, tier, why }) => (
                <li key={stream} className="py-2">
                  <p className="flex flex-wrap items-center gap-x-3">
                    <span className="font-medium">{stream}</span>
                    <span className="number">every {lengthText(everyMs)}</span>
                    <Tag>{tierName(tier)}</Tag>
                  </p>
                  <p className="text-sm text-soft">{why}</p>
                </li>
              ))}
            </ul>
          </div>
        )}
      </Loaded>
      {choosing && <Choose connection={connection} close={() => setChoosing(false)} />}
    </Card>
  )
}

function Choose({ connection, close }: { connection: string; close: () => void }) {
  const tell = useTell()
  const today = dayOf(Date.now())
  const choose = useAct(
    (client, wish: { every: string; reason: string; until: string }) =>
      client.connections.chooseCadence({ id: connection, ...wish }),
    [
      ['connections', 'cadence', connection],
      ['connections', 'streams', connection],
    ],
  )
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const word = (name: string) => String(form.get(name)).trim()
    // Until the end of that day, in UTC.
    const wish = { every: word('every'), reason: word('reason'), until: `${addDays(word('until'), 1)}T00:00:00Z` }
    choose.mutate(wish, {
      onSuccess: () => {
        tell('Chosen. It goes back to the rule by itself.')
        close()
      },
    })
  }
  const problem = choose.error ? problemOf(choose.error) : null
  return (
    <Question
      open
      close={close}
      title="Another rhythm for a while"
      actions={
        <>
          <Button onClick={close}>Keep the rule</Button>
          <Button look="primary" type="submit" form="cadence" busy={choose.isPending}>
            Choose
          </Button>
        </>
      }
    >
      <p className="text-soft">
        Quotas come first, and no stream is read more often than its numbers move. It is in the audit.
      </p>
      <form id="cadence" onSubmit={submit} className="space-y-4">
        <Select
          label="Read it"
          name="every"
          choices={Object.entries(chosenIntervals).map(([value, name]) => ({ value, name }))}
        />
        <TextField
          label="Because"
          name="reason"
          required
          maxLength={200}
          autoComplete="off"
          placeholder="release week"
        />
        <TextField
          label="Until the end of"
          name="until"
          type="date"
          required
          min={today}
          max={addDays(today, 364)}
          defaultValue={addDays(today, 7)}
          error={problem?.field === 'until' ? problem.detail : null}
        />
      </form>
      {problem && <ErrorCard problem={problem} />}
    </Question>
  )
}

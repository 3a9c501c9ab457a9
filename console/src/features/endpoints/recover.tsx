import { useState } from 'react'
import { useAct } from '../../data/patchbay.tsx'
import { Button } from '../../ui/button.tsx'
import { Question } from '../../ui/drawer.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { Select } from '../../ui/field.tsx'
import { useTell } from '../../ui/toast.tsx'
import { countText } from '../../words/numbers.ts'
import { problemOf } from '../../words/problems.ts'
import { absoluteText } from '../../words/times.ts'
import type { Endpoint } from './list.tsx'

const hour = 3_600_000
const backs = [
  ['the last hour', hour],
  ['the last day', 24 * hour],
  ['the last three days', 72 * hour],
  ['the last week', 168 * hour],
] as const

/** Sends what it has not taken since a moment. What it took already is not sent again. */
export function Recover({ endpoint, close }: { endpoint: Endpoint; close: () => void }) {
  const tell = useTell()
  const began = endpoint.failingSince ?? endpoint.disabled?.at ?? null
  const [wanted, setWanted] = useState(began ?? String(24 * hour))
  const recover = useAct(
    (client, _: null) => client.endpoints.recover({ id: endpoint.id, since: sinceOf(wanted) }),
    [['deliveries'], ['endpoints']],
  )
  return (
    <Question
      open
      close={close}
      title="Send what it has missed?"
      actions={
        <>
          <Button onClick={close}>Leave it</Button>
          <Button
            look="primary"
            busy={recover.isPending}
            onClick={() =>
              recover.mutate(null, {
                onSuccess: ({ recovered }) => {
                  tell(recovered === 0 ? 'It has missed nothing.' : `${countText(recovered, 'event')} will be sent.`)
                  close()
                },
              })
            }
          >
            Recover
          </Button>
        </>
      }
    >
      <p>
        What was given up, what waits and what happened while it was off, with the ids that it had. What was taken is
        left.
      </p>
      <Select
        label="Since"
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
        choices={[
          ...(began ? [{ value: began, name: `it stopped: ${absoluteText(Date.parse(began)).split(' · ')[0]}` }] : []),
          ...backs.map(([name, ms]) => ({ value: String(ms), name })),
        ]}
      />
      {recover.error && <ErrorCard problem={problemOf(recover.error)} />}
    </Question>
  )
}

/** A moment, or so many milliseconds ago. */
const sinceOf = (wanted: string): string =>
  /^\d+$/.test(wanted) ? new Date(Date.now() - Number(wanted)).toISOString() : wanted

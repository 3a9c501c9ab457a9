import { useState } from 'react'
import { useAct } from '../../data/patchbay.tsx'
import { Button } from '../../ui/button.tsx'
import { Question } from '../../ui/drawer.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { Select } from '../../ui/field.tsx'
import { type Overlap, overlapNames, signingNames } from '../../words/deliveries.ts'
import { problemOf } from '../../words/problems.ts'
import type { Endpoint } from './list.tsx'
import { EndpointSecret } from './secret.tsx'

/** A new secret, with the old one good beside it for a while, so that nothing is refused meanwhile. */
export function Rotate({ endpoint, close }: { endpoint: Endpoint; close: () => void }) {
  const [overlap, setOverlap] = useState<Overlap>('24h')
  const [signing, setSigning] = useState(endpoint.signing[0]?.kind ?? 'hmac')
  const rotate = useAct(
    (client, _: null) => client.endpoints.rotate({ id: endpoint.id, overlap, signing }),
    [['endpoints']],
  )
  if (rotate.data)
    return (
      <EndpointSecret secret={rotate.data.secret} publicKey={rotate.data.signing[0]?.publicKey ?? null} close={close} />
    )
  return (
    <Question
      open
      close={close}
      title="A new secret?"
      actions={
        <>
          <Button onClick={close}>Keep the old one</Button>
          <Button
            look={overlap === '0s' ? 'danger' : 'primary'}
            busy={rotate.isPending}
            onClick={() => rotate.mutate(null)}
          >
            Make a new one
          </Button>
        </>
      }
    >
      <p>Events are signed with the new one from now on, and with the old one beside it for as long as you say.</p>
      <Select
        label="The old one stays good"
        value={overlap}
        onChange={(event) =>
          setOverlap((Object.keys(overlapNames) as Overlap[]).find((each) => each === event.target.value) ?? '24h')
        }
        choices={Object.entries(overlapNames).map(([value, name]) => ({ value, name }))}
      />
      {overlap === '0s' && (
        <p className="rounded-lg bg-warn-ground px-3 py-2 text-warn">
          The receiver refuses every event until it knows the new one. They are tried again for three days.
        </p>
      )}
      <Select
        label="Signed with"
        value={signing}
        onChange={(event) => setSigning(event.target.value === 'ed25519' ? 'ed25519' : 'hmac')}
        choices={Object.entries(signingNames).map(([value, name]) => ({ value, name }))}
      />
      {rotate.error && <ErrorCard problem={problemOf(rotate.error)} />}
    </Question>
  )
}

import { FlaskConical, KeyRound, Pause, Pencil, Play, RotateCcw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useAct } from '../../data/patchbay.tsx'
import { Button } from '../../ui/button.tsx'
import { Question } from '../../ui/drawer.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { useTell } from '../../ui/toast.tsx'
import { problemOf } from '../../words/problems.ts'
import { EndpointForm } from './endpoint-form.tsx'
import type { Endpoint } from './list.tsx'
import { Recover } from './recover.tsx'
import { Rotate } from './rotate.tsx'
import { OneTry } from './tries.tsx'

type Asking = 'change' | 'rotate' | 'recover' | null

/** What can be done with an endpoint. A failure stays under the buttons. */
export function EndpointActions({ endpoint, remove }: { endpoint: Endpoint; remove: () => void }) {
  const { id, enabled } = endpoint
  const tell = useTell()
  const [asking, setAsking] = useState<Asking>(null)
  const renews = [['endpoints'], ['deliveries'], ['tasks']]
  const test = useAct((client, _: null) => client.endpoints.test({ id }), renews)
  const turn = useAct((client, on: boolean) => client.endpoints.change({ id, enabled: on }), renews)
  const close = () => setAsking(null)
  const error = test.error ?? turn.error
  return (
    <div className="flex max-w-full flex-col items-start gap-2 sm:items-end">
      <div className="flex flex-wrap gap-2">
        <Button icon={<FlaskConical size={16} aria-hidden />} busy={test.isPending} onClick={() => test.mutate(null)}>
          Send a test
        </Button>
        <Button icon={<RotateCcw size={16} aria-hidden />} onClick={() => setAsking('recover')}>
          Recover
        </Button>
        <Button icon={<KeyRound size={16} aria-hidden />} onClick={() => setAsking('rotate')}>
          New secret
        </Button>
        <Button icon={<Pencil size={16} aria-hidden />} onClick={() => setAsking('change')}>
          Change
        </Button>
        {enabled ? (
          <Button
            icon={<Pause size={16} aria-hidden />}
            busy={turn.isPending}
            onClick={() =>
              turn.mutate(false, {
                onSuccess: () => tell('Switched off. What waits stays.', () => turn.mutate(true)),
              })
            }
          >
            Switch off
          </Button>
        ) : (
          <Button
            look="primary"
            icon={<Play size={16} aria-hidden />}
            busy={turn.isPending}
            onClick={() => turn.mutate(true, { onSuccess: () => tell('Switched on.') })}
          >
            Switch on
          </Button>
        )}
        <Button icon={<Trash2 size={16} aria-hidden />} onClick={remove}>
          Remove
        </Button>
      </div>
      {error && (
        <div className="w-full max-w-xl">
          <ErrorCard problem={problemOf(error)} />
        </div>
      )}
      {test.data && (
        <Question
          open
          close={() => test.reset()}
          title={test.data.works ? 'It took the test' : 'It did not take the test'}
          actions={<Button onClick={() => test.reset()}>Close</Button>}
        >
          <p className="text-soft">An event of the type endpoint.test was sent, signed as every other.</p>
          <OneTry tried={test.data.tried} />
        </Question>
      )}
      {asking === 'change' && <EndpointForm endpoint={endpoint} close={close} />}
      {asking === 'rotate' && <Rotate endpoint={endpoint} close={close} />}
      {asking === 'recover' && <Recover endpoint={endpoint} close={close} />}
    </div>
  )
}

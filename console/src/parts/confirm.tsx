import type { Client } from '@patchbay/sdk'
import type { ReactNode } from 'react'
import { useAct } from '../data/patchbay.tsx'
import { Button } from '../ui/button.tsx'
import { Question } from '../ui/drawer.tsx'
import { ErrorCard } from '../ui/error-card.tsx'
import { useTell } from '../ui/toast.tsx'
import { problemOf } from '../words/problems.ts'

/** Asks before something is done, does it, and says that it was done. Shown while it asks: whoever shows it takes it away on `close`. */
export function Confirm(props: {
  title: string
  children: ReactNode
  /** What the button says that does it. */
  verb: string
  look: 'primary' | 'danger'
  act: (client: Client) => Promise<unknown>
  /** What is read again afterwards. */
  renews: readonly (readonly string[])[]
  told: string
  close: () => void
  /** Leads away from what is gone. */
  then?: () => void
}) {
  const { close, told } = props
  const tell = useTell()
  const act = useAct((client, _: null) => props.act(client), props.renews)
  function run() {
    act.mutate(null, {
      onSuccess: () => {
        tell(told)
        close()
        props.then?.()
      },
    })
  }
  return (
    <Question
      open
      close={close}
      title={props.title}
      actions={
        <>
          <Button onClick={close}>Keep it</Button>
          <Button look={props.look} busy={act.isPending} onClick={run}>
            {props.verb}
          </Button>
        </>
      }
    >
      {props.children}
      {act.error && <ErrorCard problem={problemOf(act.error)} />}
    </Question>
  )
}

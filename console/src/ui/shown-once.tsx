import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { CopyId } from './copy-id.tsx'
import { Question } from './drawer.tsx'

/** A secret that was just made, to be copied now: it is never shown again. `label` is what it is: `the key`. */
export function ShownOnce(props: { secret: string; label: string; close: () => void; children: ReactNode }) {
  return (
    <Question
      open
      close={props.close}
      title={`Copy ${props.label} now`}
      actions={
        <Button look="primary" onClick={props.close}>
          I have it
        </Button>
      }
    >
      <p>{props.children}</p>
      <CopyId id={props.secret} wide label={props.label} />
    </Question>
  )
}

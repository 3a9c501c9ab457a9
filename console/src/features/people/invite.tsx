import { type FormEvent, useState } from 'react'
import { useAct } from '../../data/patchbay.tsx'
import { invitePerson } from '../../data/people.ts'
import { Button } from '../../ui/button.tsx'
import { Question } from '../../ui/drawer.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { TextField } from '../../ui/field.tsx'
import type { Role } from '../../words/people.ts'
import { problemOf } from '../../words/problems.ts'
import { RoleField } from './role-field.tsx'
import { ShownLink } from './shown-link.tsx'

/** Makes somebody's account, and the link by which they come in the first time. */
export function Invite({ close }: { close: () => void }) {
  const [role, setRole] = useState<Role>('member')
  const invite = useAct(invitePerson, [['people']])
  const problem = invite.error ? problemOf(invite.error) : null
  const wrong = (field: string) => (problem?.field === field ? problem.detail : null)
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const text = (name: string) => String(form.get(name)).trim()
    invite.mutate({ name: text('name'), email: text('email'), role })
  }
  if (invite.data) return <ShownLink made={invite.data} name={invite.data.person.name} close={close} />
  return (
    <Question
      open
      close={close}
      title="Invite somebody"
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit" form="invite" busy={invite.isPending}>
            Make the link
          </Button>
        </>
      }
    >
      <form id="invite" onSubmit={submit} className="space-y-4">
        <TextField label="Name" name="name" required maxLength={100} error={wrong('name')} autoComplete="off" />
        <TextField
          label="E-mail"
          name="email"
          type="email"
          required
          maxLength={254}
          error={wrong('email')}
          help="They sign in with it once they have a password. Nothing is sent there."
          autoComplete="off"
        />
        <RoleField chosen={role} choose={setRole} />
      </form>
      {problem && wrong('name') === null && wrong('email') === null && <ErrorCard problem={problem} />}
    </Question>
  )
}

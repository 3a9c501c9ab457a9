import { type FormEvent, useState } from 'react'
import { useAct } from '../../data/patchbay.tsx'
import { changeRole, type Person, useRenewMe } from '../../data/people.ts'
import { Button } from '../../ui/button.tsx'
import { Question } from '../../ui/drawer.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { useTell } from '../../ui/toast.tsx'
import { type Role, roleWords } from '../../words/people.ts'
import { problemOf } from '../../words/problems.ts'
import { RoleField } from './role-field.tsx'

export function ChangeRole({ person, isMe, close }: { person: Person; isMe: boolean; close: () => void }) {
  const [role, setRole] = useState<Role>(person.role)
  const tell = useTell()
  const renewMe = useRenewMe()
  const save = useAct((client, wanted: Role) => changeRole(client, person.id, wanted), [['people']])
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (role === person.role) return close()
    save.mutate(role, {
      onSuccess: () => {
        tell(`${person.name}: ${roleWords[role].name.toLowerCase()} from now on.`)
        close()
        if (isMe) void renewMe()
      },
    })
  }
  return (
    <Question
      open
      close={close}
      title={isMe ? 'Change your own role' : `Change the role of ${person.name}`}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit" form="role" busy={save.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form id="role" onSubmit={submit}>
        <RoleField chosen={role} choose={setRole} />
      </form>
      {isMe && role !== 'owner' && (
        <p role="status" className="rounded-lg bg-warn-ground p-2.5 text-sm text-warn">
          You would not see this room any more, and only another owner could make you one again.
        </p>
      )}
      {save.error && <ErrorCard problem={problemOf(save.error)} />}
    </Question>
  )
}

import { useAct } from '../../data/patchbay.tsx'
import { makeLink, type Person } from '../../data/people.ts'
import { Button } from '../../ui/button.tsx'
import { Question } from '../../ui/drawer.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { problemOf } from '../../words/problems.ts'
import { ShownLink } from './shown-link.tsx'

/** For somebody who lost theirs, or forgot a password. */
export function NewLink({ person, close }: { person: Person; close: () => void }) {
  const make = useAct((client, id: string) => makeLink(client, id), [['people']])
  if (make.data) return <ShownLink made={make.data} name={person.name} close={close} />
  return (
    <Question
      open
      close={close}
      title={`New link for ${person.name}`}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" busy={make.isPending} onClick={() => make.mutate(person.id)}>
            Make the link
          </Button>
        </>
      }
    >
      <p>
        It signs {person.name} in once, within seven days, without a password: for somebody who lost the link before, or
        forgot their password. They can set a new one then. Links made for them before end with this.
      </p>
      {make.error && <ErrorCard problem={problemOf(make.error)} />}
    </Question>
  )
}

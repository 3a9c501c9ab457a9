import { type FormEvent, useState } from 'react'
import { useAct } from '../../data/patchbay.tsx'
import { Button } from '../../ui/button.tsx'
import { Question } from '../../ui/drawer.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { TextField } from '../../ui/field.tsx'
import { problemOf } from '../../words/problems.ts'

export function Rename({ profile, name }: { profile: string; name: string }) {
  const [open, setOpen] = useState(false)
  const save = useAct(
    (client, input: { name: string }) => client.profiles.save({ id: profile, ...input }),
    [['profiles']],
  )
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const wanted = String(new FormData(event.currentTarget).get('name')).trim()
    save.mutate({ name: wanted }, { onSuccess: () => setOpen(false) })
  }
  return (
    <>
      <Button onClick={() => setOpen(true)}>Rename</Button>
      <Question
        open={open}
        close={() => setOpen(false)}
        title="Rename the artist"
        actions={
          <>
            <Button onClick={() => setOpen(false)}>Keep the name</Button>
            <Button look="primary" type="submit" form="rename" busy={save.isPending}>
              Rename
            </Button>
          </>
        }
      >
        <form id="rename" onSubmit={submit}>
          <TextField
            label="Name"
            name="name"
            defaultValue={name}
            maxLength={200}
            required
            help="The id stays: applications know the artist by it."
          />
        </form>
        {save.error && <ErrorCard problem={problemOf(save.error)} />}
      </Question>
    </>
  )
}

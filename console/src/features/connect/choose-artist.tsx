import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useAct, useRead } from '../../data/patchbay.tsx'
import { ArtistList } from '../../parts/artist-list.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { TextField } from '../../ui/field.tsx'
import { idFromName } from '../../words/id-from-name.ts'
import { problemOf } from '../../words/problems.ts'

/** Whose account it is: somebody who is here, or somebody new. */
export function ChooseArtist({ after }: { after: string | undefined }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-2">
      <NewArtist />
      <ArtistList
        label="An artist who is here"
        to="/connect"
        after={after}
        empty={<p className="px-4 py-6 text-soft">Nobody yet. The first artist is made with the form.</p>}
      />
    </div>
  )
}

function NewArtist() {
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [typed, setTyped] = useState<string | null>(null)
  const id = typed ?? idFromName(name)
  const valid = /^[A-Za-z0-9_.:@-]{1,128}$/.test(id)
  const save = useAct((client, input: { id: string; name: string }) => client.profiles.save(input), [['profiles']])
  // Saving renames an artist who is there, and nobody should do that by accident.
  const taken = useRead(['profiles', 'read', id], (client, signal) => client.profiles.read({ id }, { signal }), {
    enabled: valid,
  })

  function submit(event: FormEvent) {
    event.preventDefault()
    const go = () => navigate({ to: '/connect', search: { profile: id } })
    if (taken.data) void go()
    else save.mutate({ id, name: name.trim() }, { onSuccess: go })
  }
  return (
    <Card label="Somebody new">
      <form onSubmit={submit} className="space-y-4">
        <TextField
          label="Name"
          value={name}
          maxLength={200}
          required
          onChange={(event) => setName(event.target.value)}
          autoComplete="off"
        />
        <TextField
          label="Id"
          value={id}
          maxLength={128}
          required
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setTyped(event.target.value)}
          error={id !== '' && !valid ? 'Letters, digits and . _ : @ - only.' : null}
          help={
            taken.data
              ? `That is ${taken.data.name}, who is here already.`
              : 'Your application knows the artist by it. It cannot be changed later.'
          }
        />
        {save.error && <ErrorCard problem={problemOf(save.error)} />}
        <Button
          type="submit"
          look="primary"
          busy={save.isPending}
          disabled={!valid || (name.trim() === '' && !taken.data)}
        >
          {taken.data ? `Go on with ${taken.data.name}` : 'Go on'}
        </Button>
      </form>
    </Card>
  )
}
